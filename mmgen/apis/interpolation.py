"""Ways through the latents of a generator, and their pictures as files."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmgen.apis.pictures import write_animation, write_picture
from mmgen.evaluation import slerp


def between(a: Tensor, b: Tensor, share: float, mode: str) -> Tensor:
    """A latent between two.

    Args:
        a: Latents ``[..., Z]``.
        b: Likewise.
        share: Share of the way from ``a`` to ``b``.
        mode: ``'lerp'``, straight; or ``'slerp'``, around the origin: the
            direction turns evenly, and the length changes evenly.
    """
    if mode == 'lerp':
        return a.lerp(b, share)
    lengths = [x.norm(dim=-1, keepdim=True) for x in (a, b)]
    return slerp(a, b, share) * lengths[0].lerp(lengths[1], share)


def path(ends: Tensor, interval: int, interp_mode: str,
         show_mode: str) -> Tensor:
    """The latents of all frames.

    Args:
        ends: Latents ``[E, Z]``, or ``[E, L, D]``.
        interval: ``'sequence'``: frames from one end to the next, without
            that; ``'group'``: frames of each pair, both ends among them.
        interp_mode: See `between`.
        show_mode: ``'sequence'``: through all ends in turn; ``'group'``: from
            the first to the second, from the third to the fourth, ...

    Returns:
        ``[F, Z]`` with ``F = (E - 1) * interval + 1`` or
        ``F = E / 2 * interval``.

    Raises:
        ValueError: Too few ends or frames, or an odd number for groups.
    """
    grouped = show_mode == 'group'
    least = 2 if grouped else 1
    if len(ends) < 2 or interval < least or (grouped and len(ends) % 2):
        raise ValueError(
            f'{len(ends)} endpoints with an interval of {interval}, expected '
            f'at least 2 and {least}, in groups an even number of endpoints.')
    step = 2 if grouped else 1
    shares = np.linspace(0, 1, interval, endpoint=grouped)
    frames = [between(a, b, float(share), interp_mode)
              for a, b in zip(ends[:-1:step], ends[1::step])
              for share in shares]
    return torch.stack(frames if grouped else [*frames, ends[-1]])


def noise_path(ends: Tensor, interval: int, show_mode: str) -> Tensor:
    """Noise maps of all frames, around the origin, so that they stay noise.

    Args:
        ends: Maps ``[E, 1, H, W]``.
        interval: See `path`.
        show_mode: See `path`.

    Returns:
        ``[F, 1, H, W]``.
    """
    maps = path(ends.flatten(1), interval, 'slerp', show_mode)
    return maps.view(-1, *ends.shape[1:])


def write_frames(folder: str | Path, name: str,
                 frames: Sequence[np.ndarray], n_row: int,
                 video: str | None) -> Path:
    """Write all frames in one picture, or a film of them.

    Args:
        folder: Made if it is not there.
        name: Of the file, without its ending.
        frames: uint8 RGB ``[H, W, 3]`` each.
        n_row: Frames in a row of the picture.
        video: ``'gif'`` or ``'mp4'``; None for a picture.

    Returns:
        The file.
    """
    file = Path(folder) / f'{name}.{video or "png"}'
    if video is None:
        write_picture(file, frames, n_row)
    else:
        write_animation(file, frames)
    return file
