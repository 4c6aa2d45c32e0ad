"""Batch normalisation whose scale and shift come from a condition."""
import torch
from torch import Tensor, nn

from mmgen.models.layers.spectral_norm import LayerMaker
from mmgen.models.layers.sync_batch_norm import batch_norm
from mmgen.registry import MODULES


@MODULES.register_module()
class BigGANConditionBN(nn.Module):
    """BigGAN's conditional batch norm: ``bn(x) * (1 + gain(y)) + bias(y)``.

    Args:
        num_features: Channels ``C`` of the image.
        linear_input_channels: Size ``D`` of the condition ``y``, or the
            number of classes with ``input_is_label``. 0 for an ordinary batch
            norm with a learnt scale and shift, which ignores ``y``.
        bn_eps: Added to the variance.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``, see `spectral_norm`.
        momentum: Step of the running statistics.
        input_is_label: Whether ``y`` is a class index. Gain and bias are then
            plain tables, without spectral norm.
        with_spectral_norm: Whether the linear gain and bias are normalised.
        auto_sync_bn: Whether the batches of all processes count as one.

    Source: Brock et al. 2018, arXiv:1809.11096, appendix B (figure 15); the
    method is that of Dumoulin et al. 2016, arXiv:1610.07629.
    """

    def __init__(self,
                 num_features: int,
                 linear_input_channels: int,
                 bn_eps: float = 1e-5,
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 momentum: float = 0.1,
                 input_is_label: bool = False,
                 with_spectral_norm: bool = True,
                 auto_sync_bn: bool = True) -> None:
        super().__init__()
        self.conditional = linear_input_channels > 0
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        if self.conditional and input_is_label:
            self.gain = nn.Embedding(linear_input_channels, num_features)
            self.bias = nn.Embedding(linear_input_channels, num_features)
        elif self.conditional:
            self.gain = layers.linear(
                linear_input_channels, num_features, bias=False)
            self.bias = layers.linear(
                linear_input_channels, num_features, bias=False)
        self.bn = batch_norm(
            num_features,
            sync=auto_sync_bn,
            eps=bn_eps,
            momentum=momentum,
            affine=not self.conditional)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            x: ``[N, C, H, W]``.
            y: Condition ``[N, D]``, or labels ``[N]``.
        """
        x = self.bn(x)
        if not self.conditional:
            return x
        gain = 1 + self.gain(y)[:, :, None, None]  # [N, C, 1, 1]
        bias = self.bias(y)[:, :, None, None]
        return torch.addcmul(bias, x, gain)
