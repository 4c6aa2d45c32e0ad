"""A leaky ReLU between an up- and a downsampling filter."""
from collections.abc import Sequence

from torch import Tensor

from mmgen.ops.bias_act import bias_act
from mmgen.ops.upfirdn2d import upfirdn2d


def filtered_lrelu(x: Tensor,
                   up_kernel: Tensor | None = None,
                   down_kernel: Tensor | None = None,
                   bias: Tensor | None = None,
                   up: int = 1,
                   down: int = 1,
                   pad: int | Sequence[int] = 0,
                   slope: float = 0.2,
                   gain: float = 2**0.5,
                   clamp: float | None = None,
                   flip: bool = False) -> Tensor:
    """Nonlinearity without aliasing: bias, upsample, leaky ReLU, downsample.

    At the higher resolution the new frequencies of the nonlinearity can be
    represented; the second filter removes them.

    Args:
        x: ``[N, C, H, W]``.
        up_kernel: Filter of the upsampling, see `upfirdn2d`; None for none.
        down_kernel: Filter of the downsampling; None for none.
        bias: ``[C]``, added first; None for none.
        up: Factor of the upsampling, whose brightness is kept.
        down: Factor of the downsampling.
        pad: Pixels at the upsampled resolution, see `upfirdn2d`.
        slope: Of the leaky ReLU for negative values.
        gain: Factor after the leaky ReLU, positive.
        clamp: Largest magnitude after the gain; None for no limit.
        flip: Whether to correlate with the filters, see `upfirdn2d`.

    Returns:
        ``[N, C, H', W']``.

    Source: Karras et al. 2021, arXiv:2106.12423, section 3.2 and figure 4.
    """
    x = bias_act(x, bias)
    # The positive gain goes through the leaky ReLU: the filter has it for free.
    x = upfirdn2d(x, _kernel(up_kernel, x), up=up, pad=pad, flip=flip,
                  gain=up**2 * gain)
    x = bias_act(x, act='lrelu', alpha=slope, gain=1, clamp=clamp)
    return upfirdn2d(x, _kernel(down_kernel, x), down=down, flip=flip)


def _kernel(kernel: Tensor | None, x: Tensor) -> Tensor:
    """The filter, or the one that changes nothing."""
    return x.new_ones(1, 1) if kernel is None else kernel
