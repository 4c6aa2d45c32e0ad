"""Flips, turns, shifts and scalings: one affine map, one resampling.

Karras et al. 2020, arXiv:2006.06676, section 2.3 and appendix B: pixel
blitting and general geometric transformations.
"""
from math import ceil, pi

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.ops import grid_sample, upfirdn2d

UP = 2  # images are sampled at twice their resolution


def inverse_map(size: tuple[int, int], *, flip: Tensor, quarters: Tensor,
                whole_shift: Tensor, log2_scale: Tensor, turn_before: Tensor,
                log2_stretch: Tensor, turn_after: Tensor,
                shift: Tensor) -> Tensor:
    """Where each pixel of the result comes from.

    The image is flipped, turned by quarters, shifted by whole pixels, scaled,
    turned, stretched, turned again and shifted, in this order, all about its
    centre. A parameter that is 0 changes nothing.

    Args:
        size: Height and width of the images, pixels.
        flip: 1 where left and right change places, ``[N]``.
        quarters: Quarters of a full turn, ``[N]``.
        whole_shift: Shift in x and y, ``[N, 2]``: a part of width and height,
            rounded to whole pixels.
        log2_scale: Scale, ``[N]``.
        turn_before: Half turns before the stretching, ``[N]``.
        log2_stretch: Scale in x, whose inverse is that in y, ``[N]``.
        turn_after: Half turns after the stretching, ``[N]``.
        shift: Shift in x and y, ``[N, 2]``: a part of width and height.

    Returns:
        ``[N, 3, 3]``, from homogeneous coordinates of the result to those of
        the image: pixels, x to the right, y down, the origin at the centre.
    """
    height, width = size
    columns, rows = shift[:, 0] * width, shift[:, 1] * height
    whole_columns = (whole_shift[:, 0] * width).round()
    whole_rows = (whole_shift[:, 1] * height).round()
    shrink, narrow = 2**-log2_scale, 2**-log2_stretch
    return (scaling(1 - 2 * flip, torch.ones_like(flip))
            @ rotation(quarters * (pi / 2))
            @ translation(-whole_columns, -whole_rows)
            @ scaling(shrink, shrink)
            @ rotation(turn_before * pi)
            @ scaling(narrow, 1 / narrow)
            @ rotation(turn_after * pi)
            @ translation(-columns, -rows))


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Scaling by ``x`` and ``y``, each ``[N]``, as ``[N, 3, 3]``."""
    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], 1))


def rotation(angle: Tensor) -> Tensor:
    """Rotation from x towards y by ``angle [N]``, radians, ``[N, 3, 3]``."""
    cos, sin = angle.cos(), angle.sin()
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack([cos, -sin, zero,
                        sin, cos, zero,
                        zero, zero, one], 1).unflatten(1, (3, 3))


def translation(x: Tensor, y: Tensor) -> Tensor:
    """Translation by ``x`` and ``y``, each ``[N]``, as ``[N, 3, 3]``."""
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return torch.stack([one, zero, x,
                        zero, one, y,
                        zero, zero, one], 1).unflatten(1, (3, 3))


def transform(images: Tensor, inverse: Tensor, taps: Tensor) -> Tensor:
    """Resample images by an affine map.

    Around them they are continued by reflection. They are upsampled with a
    sharp filter, sampled bilinearly, and downsampled with the same filter.

    Args:
        images: ``[N, C, H, W]``.
        inverse: See `inverse_map`.
        taps: Low-pass filter, an even number ``K`` of taps with sum 1.

    Returns:
        ``[N, C, H, W]``.
    """
    size = images.shape[2:]
    count = len(taps)
    reach = count // (2 * UP)  # of the filter to each side, in image pixels
    left, right, top, bottom = margins(inverse, size, 2 * reach)
    images = F.pad(images, (left, right, top, bottom), 'reflect')
    # Padding moves the centre of the image away from that of the tensor.
    linear, offset = inverse[:, :2, :2], inverse[:, :2, 2]
    offset = torch.stack([offset[:, 0] + (left - right) / 2,
                          offset[:, 1] + (top - bottom) / 2], 1)

    # UP - 1 pixels more before than behind: pixel i becomes pixel 2 i.
    images = upfirdn2d(images, taps, up=UP, gain=UP**2,
                       pad=((count + UP - 1) // 2, (count - UP) // 2))
    target = [UP * (side + 2 * reach) for side in size]
    images = grid_sample(images, sampling_grid(
        linear, offset, images.shape[2:], target))
    # The reverse: of the pixels that were sampled beyond the edge, the filter
    # takes what it needs, and the rest is cut off.
    trim = (count - UP) // 2 - UP * reach
    return upfirdn2d(images, taps, down=UP, pad=trim, flip=True)


def margins(inverse: Tensor, size: tuple[int, int],
            extra: int) -> tuple[int, int, int, int]:
    """How far a batch looks beyond its images: left, right, top, bottom.

    This is where the host waits for the device: it has to know how large a
    padded image is.

    Args:
        inverse: See `inverse_map`.
        size: Height and width of the images.
        extra: Pixels that a filter needs more on each side.

    Returns:
        Pixels, no more than a reflection has.
    """
    height, width = size
    half_x, half_y = (width - 1) / 2, (height - 1) / 2
    # The corners (+-half_x, +-half_y) go this far to each side of `offset`.
    linear, offset = inverse[:, :2, :2].abs(), inverse[:, :2, 2]
    extent = linear[:, :, 0] * half_x + linear[:, :, 1] * half_y
    seen = torch.stack([extent - offset, extent + offset], 2).amax(0)  # [2, 2]
    (left, right), (top, bottom) = seen.tolist()
    return tuple(
        ceil(min(max(side + extra - half, 0), 2 * half))
        for side, half in ((left, half_x), (right, half_x),
                           (top, half_y), (bottom, half_y)))


def sampling_grid(linear: Tensor, offset: Tensor, source: tuple[int, int],
                  target: tuple[int, int]) -> Tensor:
    """An affine map at the upsampled resolution, for `grid_sample`.

    Pixel centres lie ``UP`` times as dense there, and the first of them where
    the first was before; so a coordinate ``c`` of old pixels, from the
    centre, is ``UP c - 1/2`` of new ones.

    Args:
        linear: ``[N, 2, 2]``, of the map.
        offset: ``[N, 2]``, old pixels.
        source: Height and width of the image that is looked at.
        target: Height and width of the result.

    Returns:
        ``[N, *target, 2]``.
    """
    (height, width), device = target, linear.device
    x = torch.arange(width, device=device) + (1 - width / 2)
    y = torch.arange(height, device=device) + (1 - height / 2)
    across = linear[:, :, 0, None] * x + UP * offset[:, :, None] - 0.5
    down = linear[:, :, 1, None] * y
    place = across[:, :, None, :] + down[:, :, :, None]  # [N, 2, H', W']
    return torch.stack([place[:, 0] * (2 / source[1]),
                        place[:, 1] * (2 / source[0])], 3)
