"""Self-attention over the pixels of a feature map."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers.spectral_norm import LayerMaker
from mmgen.registry import MODULES


@MODULES.register_module()
class SelfAttentionBlock(nn.Module):
    """Self-attention with a learnt share, which starts at 0.

    Each pixel asks (theta) all 2x2-pooled pixels (phi) and takes their values
    (g) by softmax; ``gamma`` times the result is added to the input.

    Args:
        in_channels: Channels ``C``; questions and keys have ``C / 8``, values
            ``C / 2``.
        with_spectral_norm: Whether the weights are normalised.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``, see `spectral_norm`.

    Source: Zhang et al. 2018, arXiv:1805.08318, section 3, equations 1 to 3
    (figure 2). Pooling keys and values by 2, half the channels for values and
    no biases follow Brock et al. 2018 (arXiv:1809.11096).
    """

    def __init__(self,
                 in_channels: int,
                 with_spectral_norm: bool = True,
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock') -> None:
        super().__init__()
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)

        def pointwise(channels: int, out_channels: int) -> nn.Sequential:
            return layers.named_conv(channels, out_channels, 1, bias=False)

        keys, values = max(in_channels // 8, 1), max(in_channels // 2, 1)
        self.gamma = nn.Parameter(torch.zeros(()))
        self.theta = pointwise(in_channels, keys)
        self.phi = pointwise(in_channels, keys)
        self.g = pointwise(in_channels, values)
        self.o = pointwise(values, in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same shape; ``H`` and ``W`` are even."""
        height, width = x.shape[2:]
        theta = self.theta(x).flatten(2)                # [N, C/8, HW]
        phi = F.max_pool2d(self.phi(x), 2).flatten(2)   # [N, C/8, HW/4]
        g = F.max_pool2d(self.g(x), 2).flatten(2)       # [N, C/2, HW/4]
        attention = torch.bmm(theta.transpose(1, 2), phi).softmax(-1)
        out = torch.bmm(g, attention.transpose(1, 2))   # [N, C/2, HW]
        out = self.o(out.unflatten(2, (height, width)))
        return torch.addcmul(x, self.gamma, out)
