"""Colours, frequency bands, noise and holes.

Karras et al. 2020, arXiv:2006.06676, section 2.3 and appendix B: color
transformations, image-space filtering and corruptions.
"""
from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

# What the bands of a natural image are expected to hold, its spectrum falling
# with the frequency; the lowest first.
EXPECTED_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)


def color_map(*, brightness: Tensor, log2_contrast: Tensor,
              luma_flip: Tensor, hue: Tensor,
              log2_saturation: Tensor) -> tuple[Tensor, Tensor]:
    """Where the colours of the images go.

    In this order; a parameter that is 0 changes nothing.

    Args:
        brightness: Added to all channels, ``[N]``.
        log2_contrast: Scale of all channels, ``[N]``.
        luma_flip: 1 where light and dark change places and the colours stay,
            ``[N]``: a reflection at the plane across the axis of the greys.
        hue: Half turns about that axis, ``[N]``.
        log2_saturation: Scale of the distance from it, ``[N]``.

    Returns:
        A matrix ``[N, 3, 3]`` and then an offset ``[N, 3]``.
    """
    linear = turn_hue(hue) @ flip_luma(luma_flip)
    linear = scale_saturation(2**log2_saturation) @ linear
    linear = linear * (2**log2_contrast)[:, None, None]
    # Brightness comes first, so that it is scaled and flipped as well.
    return linear, linear.sum(2) * brightness[:, None]


def grey(like: Tensor) -> Tensor:
    """The projection on the axis of the greys, ``[3, 3]``."""
    return like.new_full((3, 3), 1 / 3)


def flip_luma(flip: Tensor) -> Tensor:
    """The reflection where ``flip [N]`` is 1, ``[N, 3, 3]``."""
    same = torch.eye(3, dtype=flip.dtype, device=flip.device)
    return same - 2 * flip[:, None, None] * grey(flip)


def turn_hue(hue: Tensor) -> Tensor:
    """The rotation by ``hue [N]`` half turns, ``[N, 3, 3]``.

    Rodrigues' formula with the axis ``(1, 1, 1) / sqrt(3)``.
    """
    angle = (hue * pi)[:, None, None]
    same = torch.eye(3, dtype=hue.dtype, device=hue.device)
    # The cross product with the axis: channel c gets (c + 2) - (c + 1).
    cross = (same.roll(2, 1) - same.roll(1, 1)) / 3**0.5
    return angle.cos() * same + angle.sin() * cross \
        + (1 - angle.cos()) * grey(hue)


def scale_saturation(scale: Tensor) -> Tensor:
    """Colours without their grey part times ``scale [N]``, ``[N, 3, 3]``."""
    same = torch.eye(3, dtype=scale.dtype, device=scale.device)
    return grey(scale) + (same - grey(scale)) * scale[:, None, None]


def change_colors(images: Tensor, linear: Tensor, offset: Tensor) -> Tensor:
    """Map each pixel.

    Args:
        images: ``[N, 3, H, W]``, or ``[N, 1, H, W]``: then the greys are
            mapped, and the channels of the result averaged.
        linear: ``[N, 3, 3]``.
        offset: ``[N, 3]``.

    Returns:
        Shape of ``images``.
    """
    if images.shape[1] == 1:
        linear = linear.sum(2).mean(1)[:, None, None]
        offset = offset.mean(1, keepdim=True)
    mapped = torch.bmm(linear, images.flatten(2)) + offset[:, :, None]
    return mapped.view_as(images)


def band_gains(log2_gains: Tensor) -> Tensor:
    """Factors of the frequency bands from those asked of each.

    After a band is amplified, all are scaled back to the power that an image
    is expected to have.

    Args:
        log2_gains: ``[N, 4]``, the lowest band first.

    Returns:
        ``[N, 4]``.
    """
    power = [
        share * 4**asked + 1 - share
        for share, asked in zip(EXPECTED_POWER, log2_gains.unbind(1))
    ]
    return 2**log2_gains / torch.stack(power, 1).prod(1, keepdim=True).sqrt()


def filter_bands(images: Tensor, gains: Tensor, filters: Tensor) -> Tensor:
    """Amplify the frequency bands of each image, along x and along y.

    Args:
        images: ``[N, C, H, W]``, larger than half of a filter.
        gains: ``[N, 4]``.
        filters: ``[4, K]``, ``K`` odd.

    Returns:
        ``[N, C, H, W]``.
    """
    n, c, h, w = images.shape
    taps = (gains @ filters)[:, None, :].expand(n, c, -1).flatten(0, 1)
    half = taps.shape[1] // 2
    # Each channel of each image has its own filter: all are channels of one.
    images = images.reshape(1, n * c, h, w)
    images = F.pad(images, [half] * 4, 'reflect')
    images = F.conv2d(images, taps[:, None, None, :], groups=n * c)
    images = F.conv2d(images, taps[:, None, :, None], groups=n * c)
    return images.view(n, c, h, w)


def cut_out(images: Tensor, centre: Tensor, size: Tensor) -> Tensor:
    """Set a rectangle of each image to 0.

    Args:
        images: ``[N, C, H, W]``.
        centre: In x and y, ``[N, 2]``, [0, 1].
        size: A part of width and height, ``[N]``.

    Returns:
        ``[N, C, H, W]``.
    """
    inside = []
    for axis, length in enumerate((images.shape[3], images.shape[2])):
        place = (torch.arange(length, device=images.device) + 0.5) / length
        distance = (place - centre[:, axis, None]).abs()
        inside.append(distance < size[:, None] / 2)  # [N, length]
    columns, rows = inside
    hole = rows[:, None, :, None] & columns[:, None, None, :]
    return images.masked_fill(hole, 0)
