"""Moving images below the pixel, without aliasing.

Karras et al. 2021, arXiv:2106.12423, appendix E: a translation resamples with
a Lanczos filter, a rotation with a filter that keeps only what both the grid
of the image and the rotated one can show. Each function says which pixels of
its result do not depend on what lies beyond the image.

Shifts are (right, down) in image sides, angles are in radians and
counterclockwise as seen; images are ``[N, C, H, W]``, masks bool ``[H, W]``.
"""
from math import cos, floor, sin

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.ops.upfirdn2d import upfirdn2d

LANCZOS_A = 3     # lobes of the windows
ROTATION_UP = 4   # factor of upsampling before a rotation
FILTER_REACH = 6  # pixels on each side that the filter of a rotation keeps
DESIGN_REACH = 64  # pixels on each side with which it is computed


def image_transform(angle: float = 0.0, shift: tuple[float, float] = (0, 0)
                    ) -> Tensor:
    """The argument ``transform`` with which StyleGAN3 moves its images.

    Args:
        angle: Radians, counterclockwise as seen; about the image's centre.
        shift: Right and down, in image sides; after the rotation.

    Returns:
        ``[3, 3]``: from a place in the moved image to where its content was.
        The origin is the centre, ``y`` points down.
    """
    # The inverse of: rotate, then shift.
    back = rotation_matrix(angle).T
    matrix = torch.eye(3)
    matrix[:2, :2] = back
    matrix[:2, 2] = -back @ torch.tensor(shift, dtype=torch.float32)
    return matrix


def rotation_matrix(angle: float) -> Tensor:
    """Turns places (x, y) counterclockwise where ``y`` points down."""
    return torch.tensor([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])


def shift_by_pixels(images: Tensor, shift: tuple[float, float]
                    ) -> tuple[Tensor, Tensor]:
    """Move images by whole pixels, the nearest; zeros come in.

    Returns:
        The images, and where pixels of theirs have arrived.
    """
    height, width = images.shape[2:]
    right, down = round(shift[0] * width), round(shift[1] * height)
    pad = (right, -right, down, -down)
    valid = torch.ones(height, width, dtype=torch.bool, device=images.device)
    return F.pad(images, pad), F.pad(valid, pad)


def shift_images(images: Tensor, shift: tuple[float, float]
                 ) -> tuple[Tensor, Tensor]:
    """Move images by any distance.

    Returns:
        The images, and where the filter saw nothing from beyond the border.
    """
    height, width = images.shape[2:]
    right, down = shift[0] * width, shift[1] * height
    columns, rows = floor(right), floor(down)
    kernel = _lanczos(down - rows)[:, None] * _lanczos(right - columns)
    # A pixel looks at 3 beside where its content was and 2 on the other side.
    before, after = LANCZOS_A, LANCZOS_A - 1
    moved = upfirdn2d(
        images, kernel.to(images),
        pad=(columns + before, after - columns, rows + before, after - rows))
    valid = torch.zeros(height, width, dtype=torch.bool, device=images.device)
    valid[max(rows + before, 0):height + min(rows - after, 0),
          max(columns + before, 0):width + min(columns - after, 0)] = True
    return moved, valid


def _lanczos(fraction: float) -> Tensor:
    """Taps that move a signal by ``fraction`` of a sample, ``[6]``."""
    t = torch.arange(1 - LANCZOS_A, LANCZOS_A + 1) - fraction
    taps = torch.sinc(t) * torch.sinc(t / LANCZOS_A)
    return taps / taps.sum()


def rotate_images(images: Tensor, angle: float) -> tuple[Tensor, Tensor]:
    """Turn images about their centre.

    They lose what the turned pixel grid cannot show; `filter_as_rotated` does
    the same to an image that was made turned.

    Returns:
        The images, and where they do not depend on what lies beyond the
        border.
    """
    up = ROTATION_UP
    height, width = images.shape[2:]
    kernel = rotation_filter(angle, up, images.device)
    taps, margin = len(kernel), len(kernel) // 2
    before, after = margin + (taps + up - 1) // 2, margin + (taps - up) // 2
    large = upfirdn2d(images, kernel.to(images), up=up, gain=up**2,
                      pad=(before, after))            # [N, C, H', W']

    # Where each pixel's content is in the enlarged images. Their samples lie
    # half a sample beside the pixels' centres.
    theta = torch.eye(2, 3)
    theta[:, :2] = rotation_matrix(angle).T
    theta[:, 2] = torch.tensor([1 / (up * width), 1 / (up * height)])
    theta[0] *= up * width / large.shape[3]
    theta[1] *= up * height / large.shape[2]
    grid = F.affine_grid(theta[None].to(images), [1, 1, height, width],
                         align_corners=False)
    moved = F.grid_sample(large, grid.expand(len(images), -1, -1, -1),
                          align_corners=False)

    inside = torch.zeros_like(large[:1, :1])
    border = 2 * margin + 1
    inside[:, :, border:-border, border:-border] = 1
    valid = F.grid_sample(inside, grid, mode='nearest', align_corners=False)
    return moved, valid[0, 0] > 0


def filter_as_rotated(images: Tensor, angle: float) -> tuple[Tensor, Tensor]:
    """Take from images what a rotation to them by `rotate_images` takes.

    Returns:
        The images, and where they do not depend on what lies beyond the
        border.
    """
    kernel = rotation_filter(-angle, 1, images.device)
    reach = len(kernel) // 2
    valid = torch.zeros(
        images.shape[2:], dtype=torch.bool, device=images.device)
    valid[reach:-reach, reach:-reach] = True
    return upfirdn2d(images, kernel.to(images), pad=reach), valid


def rotation_filter(angle: float, up: int,
                    device: torch.device | str = 'cpu') -> Tensor:
    """What both a pixel grid and the turned one can show.

    The convolution of the ideal low-pass filters of both, under that of their
    Lanczos windows.

    Args:
        angle: Of the turned grid.
        up: Samples of the filter on a pixel's side.
        device: Where it is computed.

    Returns:
        float64, both sides ``12 up - 1``.
    """
    taps = torch.arange(1, 2 * DESIGN_REACH * up, device=device,
                        dtype=torch.float64) / up - DESIGN_REACH
    y, x = torch.meshgrid(taps, taps, indexing='ij')
    c, s = cos(angle), sin(angle)
    turned_x, turned_y = c * x + s * y, -s * x + c * y
    ideal = _convolve(_sinc(x, y), _sinc(turned_x, turned_y))
    window = _convolve(_window(x, y), _window(turned_x, turned_y))

    cut = (DESIGN_REACH - FILTER_REACH) * up
    kernel = F.pad((ideal * window)[cut:-cut, cut:-cut], (0, 1, 0, 1))
    # Each of the up * up sets of taps that a pixel meets keeps brightness.
    sides = 2 * FILTER_REACH, up
    kernel = kernel.view(*sides, *sides)
    kernel = kernel / (kernel.sum((0, 2), keepdim=True) * up**2)
    return kernel.reshape(2 * FILTER_REACH * up, -1)[:-1, :-1]


def _sinc(x: Tensor, y: Tensor) -> Tensor:
    """The ideal low-pass filter of a pixel grid."""
    return torch.sinc(x) * torch.sinc(y)


def _window(x: Tensor, y: Tensor) -> Tensor:
    """The Lanczos window, 0 beyond its lobes."""
    inside = (x.abs() < LANCZOS_A) & (y.abs() < LANCZOS_A)
    return _sinc(x / LANCZOS_A, y / LANCZOS_A) * inside


def _convolve(a: Tensor, b: Tensor) -> Tensor:
    """Circular convolution; index 0 of a filter is its middle tap."""
    a, b = (torch.fft.rfft2(torch.fft.ifftshift(item)) for item in (a, b))
    shape = 2 * a.shape[1] - 1
    return torch.fft.fftshift(torch.fft.irfft2(a * b, s=(shape, shape)))
