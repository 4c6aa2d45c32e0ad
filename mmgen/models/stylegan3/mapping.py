"""From noise to styles, and what StyleGAN3's networks have in common.

Karras et al. 2021, arXiv:2106.12423, section 3.1 (configuration D): the mapping
network of StyleGAN2 with two layers.
"""
import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmgen.models.layers.pixel_norm import pixel_norm
from mmgen.ops import bias_act
from mmgen.ops.precision import explicit_precision, full_precision
from mmgen.registry import MODULES


@torch.no_grad()
def update_average(average: Tensor, value: Tensor, beta: float) -> None:
    """``average = beta * average + (1 - beta) * value``, in place.

    The value is the mean over all processes, so that each has the same
    average.
    """
    value = value.detach().to(average.dtype, copy=True)
    all_reduce(value, 'mean')
    average.lerp_(value, 1 - beta)


class FullyConnected(nn.Module):
    """A linear layer with an equalised learning rate, and an activation.

    Args:
        in_features: Size of the input.
        out_features: Size of the output.
        act: A name of `mmgen.ops.bias_act`.
        lr_mul: Speed relative to the other layers.
        std: Standard deviation of the weights at the start.
    """

    def __init__(self, in_features: int, out_features: int,
                 act: str = 'linear', lr_mul: float = 1.0,
                 std: float = 1.0) -> None:
        super().__init__()
        self.act = act
        self.lr_mul = lr_mul
        self.weight_scale = lr_mul / in_features**0.5
        self.weight = nn.Parameter(
            torch.randn(out_features, in_features) * (std / lr_mul))
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_features]`` to ``[N, out_features]``."""
        x = F.linear(x, self.weight * self.weight_scale)
        return bias_act(x, self.bias * self.lr_mul, self.act)


@MODULES.register_module()
class MappingNetwork(nn.Module):
    """From noise, and perhaps a class, to the styles of all layers.

    Args:
        noise_size: Size ``Z`` of the noise.
        style_channels: Size ``D`` of a style.
        num_ws: Styles ``L`` of an image.
        c_dim: Size of the condition, that is the number ``K`` of classes; 0
            for none.
        num_layers: Linear layers.
        lr_multiplier: Their speed relative to the rest of the network.
        w_avg_beta: How much of the mean style an update keeps.
    """

    def __init__(self,
                 noise_size: int,
                 style_channels: int,
                 num_ws: int,
                 c_dim: int = 0,
                 num_layers: int = 2,
                 lr_multiplier: float = 0.01,
                 w_avg_beta: float = 0.998) -> None:
        super().__init__()
        self.num_ws = num_ws
        self.c_dim = c_dim
        self.num_layers = num_layers
        self.w_avg_beta = w_avg_beta
        self.register_buffer('w_avg', torch.zeros(style_channels))
        width = noise_size
        if c_dim:
            self.embed = FullyConnected(c_dim, style_channels)
            width += style_channels
        for index in range(num_layers):
            layer = FullyConnected(
                width, style_channels, act='lrelu', lr_mul=lr_multiplier)
            self.add_module(f'fc{index}', layer)
            width = style_channels

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Map.

        Args:
            z: Noise ``[N, Z]``.
            label: Classes ``[N]``, or conditions ``[N, K]`` of floats.

        Returns:
            ``[N, L, D]``, the same style ``L`` times.
        """
        w = pixel_norm(full_precision(z))
        with explicit_precision(z):
            if self.c_dim:
                y = self.embed(self.one_hot(label))
                w = torch.cat([w, pixel_norm(y)], 1)
            for index in range(self.num_layers):
                w = self.get_submodule(f'fc{index}')(w)
        return w[:, None].expand(-1, self.num_ws, -1)

    def one_hot(self, label: Tensor) -> Tensor:
        """Conditions ``[N, K]`` of classes ``[N]``."""
        if label.is_floating_point():
            return label
        return F.one_hot(label, self.c_dim).to(self.w_avg.dtype)

    def update_w_avg(self, ws: Tensor) -> None:
        """Take styles ``[N, L, D]`` into the mean one."""
        update_average(self.w_avg, ws.mean((0, 1)), self.w_avg_beta)
