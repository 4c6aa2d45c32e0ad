"""Pictures from images: quantised, in RGB, side by side."""
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def to_uint8_rgb(images: Tensor,
                 color_order: str = 'bgr',
                 mean: float | Sequence[float] = 127.5,
                 std: float | Sequence[float] = 127.5) -> Tensor:
    """Turn images of a model into displayable ones.

    Floats become ``floor(x * std + mean + 0.5)``, cut to [0, 255]; what is
    not a number becomes 0, so that a diverged model still gives a picture.
    uint8 images keep their values. Grey images are repeated to three
    channels.

    Args:
        images: ``[N, C, H, W]`` with 1 or 3 channels.
        color_order: ``'bgr'`` or ``'rgb'``, the channels' order in ``images``.
        mean: Added after ``std``; one number or one for each channel, in the
            order of ``images``.
        std: Factor to the range [0, 255]; as ``mean``.

    Returns:
        uint8, RGB, ``[N, 3, H, W]``, on the CPU.

    Raises:
        ValueError: Unknown order, or another number of channels.
    """
    if color_order not in ('bgr', 'rgb'):
        raise ValueError(
            f"GenVisualizer: color_order={color_order!r}, expected 'bgr' or "
            "'rgb'.")
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(
            f'GenVisualizer: images have shape {list(images.shape)}, expected '
            '[N, C, H, W] with C=1 (grey) or C=3.')
    if images.dtype != torch.uint8:
        images = images.detach().float()
        scale, shift = (
            torch.as_tensor(value, dtype=images.dtype,
                            device=images.device).reshape(1, -1, 1, 1)
            for value in (std, mean))
        images = (images * scale + shift + 0.5).nan_to_num(nan=0.0)
        images = images.clamp(0, 255).to(torch.uint8)
    if images.shape[1] == 1:
        images = images.expand(-1, 3, -1, -1)
    elif color_order == 'bgr':
        images = images.flip(1)
    return images.cpu()


def make_grid(images: Sequence[Tensor], n_row: int,
              padding: int = 2) -> np.ndarray:
    """Lay images out in rows on a black ground.

    Image ``i`` stands in row ``i // n_row`` and column ``i % n_row``. All
    cells are as large as the largest image; a smaller one stands in the upper
    left corner of its cell.

    Args:
        images: uint8, RGB, ``[3, H, W]``, of any sizes.
        n_row: Images in one row; with fewer images the row is shorter.
        padding: Pixels around each cell.

    Returns:
        uint8, RGB, ``[rows * (H + padding) + padding,
        columns * (W + padding) + padding, 3]``.

    Raises:
        ValueError: No image, or fewer than one in a row.
    """
    if not images or n_row < 1:
        raise ValueError(
            f'make_grid: {len(images)} images with n_row={n_row}, expected at '
            'least one image and n_row of at least 1.')
    columns = min(n_row, len(images))
    rows = -(-len(images) // columns)
    step_y = max(image.shape[1] for image in images) + padding
    step_x = max(image.shape[2] for image in images) + padding
    grid = np.zeros((rows * step_y + padding, columns * step_x + padding, 3),
                    dtype=np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = padding + row * step_y, padding + column * step_x
        _, height, width = image.shape
        grid[top:top + height, left:left + width] = image.permute(
            1, 2, 0).numpy()
    return grid


def as_rgb_picture(image: np.ndarray, owner: str) -> np.ndarray:
    """The picture as every backend takes it.

    Args:
        image: uint8 or float with values in [0, 255]; RGB ``[H, W, 3]`` or
            grey ``[H, W]`` or ``[H, W, 1]``.
        owner: Who asks, for the error message.

    Returns:
        uint8, RGB, ``[H, W, 3]``.

    Raises:
        TypeError: Neither uint8 nor float.
        ValueError: Another shape.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        if not np.issubdtype(image.dtype, np.floating):
            raise TypeError(
                f'{owner}: an image has dtype {image.dtype}, expected uint8, '
                'or float with values in [0, 255].')
        image = np.nan_to_num(image).round().clip(0, 255).astype(np.uint8)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3):
        raise ValueError(
            f'{owner}: an image has shape {list(image.shape)}, expected '
            '[H, W, 3] in RGB, or [H, W] or [H, W, 1] in grey.')
    if image.shape[2] == 1:
        image = image.repeat(3, axis=2)
    return np.ascontiguousarray(image)
