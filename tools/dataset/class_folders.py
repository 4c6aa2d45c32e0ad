"""Small images out of a PyPI package, written as one folder for each class.

What the tools for such packages have in common.
"""
import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from image_files import are_complete, check_count, write
from packages import download_wheel

SIDE = 28  # of the images in the packages, pixels

# From the wheel to the images, uint8 [N, 28, 28], and the names of their
# classes.
Reader = Callable[[Path], tuple[np.ndarray, Iterable[str]]]


def prepare(read: Reader, *, description: str, package: str, kind: str,
            count: int, out: str, note: str) -> None:
    """Read the command line, fetch, write what is missing, count.

    Args:
        read: Takes the images out of the wheel.
        description: What the tool's ``--help`` says.
        package: The package and its version, ``NAME==VERSION``.
        kind: What the images are called in messages.
        count: How many there are.
        out: The folder to write to unless ``--out`` names another.
        note: Where they come from and their licence.
    """
    args = _parse_args(description, package, kind, out)
    folder = args.out / 'train'
    if are_complete(_images(folder), count, (args.size, args.size)):
        print(f'{count} {kind} are in {folder} already.')
        return
    with tempfile.TemporaryDirectory() as temporary:
        wheel = args.wheel or download_wheel(package, Path(temporary))
        images, classes = read(wheel)
    for image, path in zip(images, _targets(classes, folder)):
        write(path, _fit(image, args.size))
    (args.out / 'SOURCE.txt').write_text(note)
    check_count(folder, _images(folder), count)
    print(f'{count} {kind} of {args.size}x{args.size} are in {folder}, one '
          f'folder for each class; {args.out / "SOURCE.txt"} says where they '
          'come from.')


def _parse_args(description: str, package: str, kind: str,
                out: str) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        '--out', type=Path, default=Path(out),
        help='folder to write to; the images go to OUT/train/CLASS')
    parser.add_argument(
        '--size', type=int, default=32,
        help=f'side of the images: up to {2 * SIDE - 1} by a black border '
        f'around the {SIDE}x{SIDE} {kind}, from {2 * SIDE} on scaled by a '
        'whole factor first')
    parser.add_argument(
        '--wheel', type=Path, help=f'the wheel of {package}, if you have it')
    args = parser.parse_args()
    if args.size < SIDE:
        parser.error(f'--size {args.size} cuts the {kind}, which are {SIDE} '
                     'pixels high and wide')
    return args


def _fit(image: np.ndarray, size: int) -> np.ndarray:
    """The image in a black square of ``size``, enlarged by a whole factor."""
    factor = size // SIDE
    if factor > 1:
        side = factor * SIDE
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    before = (size - image.shape[0]) // 2
    after = size - image.shape[0] - before
    return np.pad(image, (before, after))


def _targets(classes: Iterable[str], folder: Path) -> Iterator[Path]:
    """The file of each image: ``folder/CLASS/NUMBER.png``."""
    seen: Counter[str] = Counter()
    for name in classes:
        yield folder / name / f'{seen[name]:04d}.png'
        seen[name] += 1


def _images(folder: Path) -> list[Path]:
    """The images that are there."""
    return list(folder.glob('*/*.png'))
