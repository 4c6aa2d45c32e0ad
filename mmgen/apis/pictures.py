"""Pictures and moving pictures as files."""
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from mmgen.utils.progress import progress
from mmgen.visualization.grid import make_grid


def read_picture(path: str | Path, side: int) -> np.ndarray:
    """The middle square of a picture, resized: uint8 RGB ``[S, S, 3]``.

    Args:
        path: The file, of any format that Pillow reads.
        side: ``S``, pixels.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no picture.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'There is no picture {path}.')
    try:
        image = Image.open(path).convert('RGB')
    except OSError as error:
        raise ValueError(f'{path} is no picture: {error}.') from error
    return np.asarray(
        ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS))


def collect(batches: Iterator[np.ndarray], total: int,
            title: str = 'Sampling') -> np.ndarray:
    """All pictures of an iterator, with a progress bar.

    Args:
        batches: uint8 RGB ``[N, H, W, 3]`` each.
        total: Pictures in all.
        title: What is being done.
    """
    found = []
    with progress(title, total) as done:
        for batch in batches:
            found.append(batch)
            done(len(batch))
    return np.concatenate(found)


def side_by_side(pictures: Sequence[np.ndarray], n_row: int) -> np.ndarray:
    """One picture of several, uint8 RGB ``[H', W', 3]``.

    Args:
        pictures: uint8 RGB ``[H, W, 3]`` each.
        n_row: Pictures in a row.
    """
    images = [torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)
              for picture in pictures]
    return make_grid(images, n_row)


def write_picture(path: str | Path, pictures: Sequence[np.ndarray],
                  n_row: int) -> None:
    """Pictures side by side in one file; its folder is made.

    Args:
        path: The file, of any format that Pillow writes.
        pictures: See `side_by_side`.
        n_row: Pictures in a row.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(side_by_side(pictures, n_row)).save(path)


def write_animation(path: str | Path, frames: Sequence[np.ndarray],
                    fps: float = 20.0) -> None:
    """Pictures one after the other; the file's folder is made.

    Args:
        path: A ``.gif``, which has 256 colours and runs for ever, or a
            ``.mp4``.
        frames: uint8 RGB ``[H, W, 3]`` each, of one size.
        fps: Frames in a second.

    Raises:
        ValueError: Another ending.
        ImportError: MP4 without the package for it.
    """
    path = Path(path)
    if path.suffix not in ('.gif', '.mp4'):
        raise ValueError(f'{path} ends with {path.suffix!r}, expected .gif or '
                         '.mp4.')
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.mp4':
        _write_mp4(path, frames, fps)
        return
    first, *rest = [Image.fromarray(frame) for frame in frames]
    first.save(path, save_all=True, append_images=rest, loop=0,
               duration=round(1000 / fps))


def _write_mp4(path: Path, frames: Sequence[np.ndarray], fps: float) -> None:
    """H.264, whose frames have even sides: an odd one loses a pixel."""
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ImportError(
            f'{path} needs the package "imageio-ffmpeg", which is not '
            'installed: pip install -r requirements/optional.txt. Or write a '
            '.gif.') from error
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    writer = imageio_ffmpeg.write_frames(
        str(path), (width, height), fps=fps, macro_block_size=2)
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame[:height, :width]))
    writer.close()
