"""Resampling with FIR filters."""
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def fir_kernel(taps: Sequence[float] | Tensor,
               normalize: bool = True,
               flip: bool = False,
               gain: float = 1.0) -> Tensor:
    """A filter for `upfirdn2d` from its taps.

    Args:
        taps: ``[K]`` or ``[Kh, Kw]``.
        normalize: Whether to divide by the sum, for a gain of 1 at zero
            frequency.
        flip: Whether to reverse it.
        gain: Factor of the filter, over both axes together.

    Returns:
        ``[K]`` where a separable filter of eight taps or more was given,
        since two passes are cheaper then; else ``[Kh, Kw]``, float32.
    """
    kernel = torch.as_tensor(taps, dtype=torch.float32)
    if kernel.ndim not in (1, 2):
        raise ValueError(f'fir_kernel: taps have shape {list(kernel.shape)}, '
                         'expected [K] or [Kh, Kw].')
    if kernel.ndim == 1 and len(kernel) < 8:
        kernel = kernel.outer(kernel)
    if normalize:
        kernel = kernel / kernel.sum()
    if flip:
        kernel = kernel.flip(list(range(kernel.ndim)))
    return kernel * gain**(kernel.ndim / 2)


def upfirdn2d(x: Tensor,
              kernel: Tensor,
              up: int = 1,
              down: int = 1,
              pad: int | Sequence[int] = 0,
              flip: bool = False,
              gain: float = 1.0) -> Tensor:
    """Upsample, convolve with an FIR filter and downsample each channel.

    Order of work: insert ``up - 1`` zeros after each pixel, pad (negative
    crops), convolve (kernel flipped, so a true convolution), keep every
    ``down``-th pixel. The zeros are never made: a strided, transposed or
    plain depthwise convolution gives the same numbers.

    Args:
        x: Images, ``[N, C, H, W]``.
        kernel: FIR filter, ``[Kh, Kw]``, or ``[K]`` for the outer product of
            it with itself. Its sum is the gain at zero frequency; pass
            ``gain=up**2`` to keep brightness.
        up: Integer factor, both axes.
        down: Integer factor, both axes.
        pad: Pixels at the upsampled resolution: one number for all sides, or
            (before, after) for both axes, or (left, right, top, bottom).
        flip: Whether to correlate instead, that is not to flip the kernel.
        gain: Factor of the result.

    Returns:
        ``[N, C, H', W']``,
        ``H' = (H * up + top + bottom - Kh) // down + 1``.

    Raises:
        ValueError: The padded image is smaller than the kernel, or a size or
            factor makes no sense.

    Source: Karras et al. 2020, arXiv:1912.04958; the name follows
    ``scipy.signal.upfirdn``.
    """
    left, right, top, bottom = _sides(pad)
    kernel = kernel.to(x.dtype)
    if not flip:
        kernel = kernel.flip(list(range(kernel.ndim)))
    _check(x, kernel, up, down, (left, right, top, bottom))
    if kernel.ndim == 2:
        return _resample(x, kernel * gain, up, down,
                         (left, right, top, bottom))
    root = kernel * gain**0.5
    x = _resample(x, root[None, :], (1, up), (1, down), (left, right, 0, 0))
    return _resample(x, root[:, None], (up, 1), (down, 1), (0, 0, top, bottom))


def _sides(pad: int | Sequence[int]) -> tuple[int, int, int, int]:
    """Left, right, top, bottom."""
    if isinstance(pad, int):
        return pad, pad, pad, pad
    if len(pad) == 2:
        before, after = pad
        return before, after, before, after
    if len(pad) == 4:
        left, right, top, bottom = pad
        return left, right, top, bottom
    raise ValueError(f'upfirdn2d: pad={pad}, expected one, two or four '
                     'numbers.')


def _check(x: Tensor, kernel: Tensor, up: int, down: int,
           sides: tuple[int, int, int, int]) -> None:
    """Refuse what has no result."""
    if x.ndim != 4 or kernel.ndim not in (1, 2):
        raise ValueError(
            f'upfirdn2d: images have shape {list(x.shape)} and the kernel '
            f'{list(kernel.shape)}, expected [N, C, H, W] and [Kh, Kw] or '
            '[K].')
    if up < 1 or down < 1:
        raise ValueError(f'upfirdn2d: up={up} and down={down}, expected '
                         'factors of at least 1.')
    left, right, top, bottom = sides
    height = x.shape[2] * up + top + bottom
    width = x.shape[3] * up + left + right
    if height < kernel.shape[0] or width < kernel.shape[-1]:
        raise ValueError(
            f'upfirdn2d: an image of {height} x {width} pixels (padded by '
            f'{sides}) is smaller than the kernel {list(kernel.shape)}. Pad '
            'more, or use a shorter filter.')


def _resample(x: Tensor, weight: Tensor, up: int | tuple[int, int],
              down: int | tuple[int, int],
              sides: tuple[int, int, int, int]) -> Tensor:
    """Correlate with ``weight [Kh, Kw]``, factors and padding as above."""
    up, down = (factor if isinstance(factor, tuple) else (factor, factor)
                for factor in (up, down))
    channels = x.shape[1]
    if up == (1, 1):
        weight = weight.expand(channels, 1, *weight.shape)
        return F.conv2d(_pad(x, sides), weight, stride=down, groups=channels)
    # A transposed convolution is the full convolution of the image with zeros
    # between its pixels, without zeros behind the last. What padding asks for
    # is a part of it, or it with zeros around. The convolution itself can crop
    # both sides alike, which saves a copy.
    left, right, top, bottom = sides
    kh, kw = weight.shape
    left, right = left + 1 - kw, right + up[1] - kw
    top, bottom = top + 1 - kh, bottom + up[0] - kh
    crop_h, crop_w = max(0, -max(top, bottom)), max(0, -max(left, right))
    full = weight.flip([0, 1]).expand(channels, 1, kh, kw)
    x = F.conv_transpose2d(
        x, full, stride=up, padding=(crop_h, crop_w), groups=channels)
    x = _pad(x, (left + crop_w, right + crop_w, top + crop_h, bottom + crop_h))
    return x[:, :, ::down[0], ::down[1]]


def _pad(x: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    """With zeros; does not copy where there is nothing to do."""
    return F.pad(x, sides) if any(sides) else x
