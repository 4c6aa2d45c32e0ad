"""Normalisation of each pixel's vector of channels."""
from torch import Tensor, nn

from mmgen.ops.precision import full_precision
from mmgen.registry import MODELS


def pixel_norm(x: Tensor, eps: float = 1e-6) -> Tensor:
    """``x / (rms + eps)``, the root mean square over axis 1.

    Computed in full precision, since squares overflow in half precision.

    Args:
        x: ``[N, C, ...]``.
        eps: Added to the root mean square.

    Source: Karras et al. 2017, arXiv:1710.10196, section 4.2.
    """
    values = full_precision(x)
    norm = values.square().mean(1, keepdim=True).sqrt()
    return (values / (norm + eps)).to(x.dtype)


@MODELS.register_module()
class PixelNorm(nn.Module):
    """`pixel_norm` as a layer.

    Args:
        in_channels: Kept for configs, without effect.
        eps: See `pixel_norm`.
    """

    def __init__(self, in_channels: int | None = None,
                 eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return pixel_norm(x, self.eps)
