"""An FIR filter whose taps are part of a network's state."""
from collections.abc import Sequence

from torch import Tensor, nn

from mmgen.ops import fir_kernel, upfirdn2d


class FIRFilter(nn.Module):
    """`upfirdn2d` with one filter.

    Args:
        taps: See `fir_kernel`.
        up: See `upfirdn2d`.
        down: See `upfirdn2d`.
        pad: Pixels (before, after) at the upsampled resolution.
        gain: Factor of the filter; ``up**2`` keeps the brightness.
    """

    def __init__(self, taps: Sequence[float], up: int = 1, down: int = 1,
                 pad: tuple[int, int] = (0, 0), gain: float = 1.0) -> None:
        super().__init__()
        self.register_buffer('kernel', fir_kernel(taps, gain=gain))
        self.up = up
        self.down = down
        self.pad = pad

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C, H', W']``."""
        return upfirdn2d(x, self.kernel, up=self.up, down=self.down,
                         pad=self.pad)

    def extra_repr(self) -> str:
        return (f'{list(self.kernel.shape)}, up={self.up}, down={self.down}, '
                f'pad={self.pad}')


def upsampler(taps: Sequence[float]) -> FIRFilter:
    """Doubles the resolution and keeps the brightness."""
    pad = len(taps) - 2
    return FIRFilter(taps, up=2, pad=((pad + 1) // 2 + 1, pad // 2), gain=4)


def blur_behind_upsampling(taps: Sequence[float],
                           kernel_size: int) -> FIRFilter:
    """Follows a transposed convolution of stride 2 without padding.

    Takes the margin away that the convolution leaves, so that the resolution
    is exactly doubled; makes up for the zeros that it inserted.

    Args:
        taps: See `fir_kernel`.
        kernel_size: Side of the convolution's kernel.
    """
    pad = len(taps) - 2 - (kernel_size - 1)
    return FIRFilter(taps, pad=((pad + 1) // 2 + 1, pad // 2 + 1), gain=4)


def blur_before_downsampling(taps: Sequence[float], kernel_size: int,
                             down: int = 1) -> FIRFilter:
    """Goes before a convolution of stride 2 without padding.

    Args:
        taps: See `fir_kernel`.
        kernel_size: Side of the convolution's kernel.
        down: 2 to leave out every second pixel here instead, which is the
            same where the convolution is 1x1, and cheaper.
    """
    pad = len(taps) - 2 + kernel_size - 1
    return FIRFilter(taps, down=down, pad=((pad + 1) // 2, pad // 2))
