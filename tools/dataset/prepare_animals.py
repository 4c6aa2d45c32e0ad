#!/usr/bin/env python
"""Write 10000 animal silhouettes as images, one folder for each animal.

They come from the PyPI package animal-shape-mnist, of which two data files
are read: the package is not imported and need not be installed. Without
--wheel it is downloaded with pip. What is there already is not written again.
"""
import gzip
import io
from pathlib import Path

import numpy as np
from class_folders import SIDE, prepare
from packages import read_member

from mmgen.utils.plain_pickle import PlainUnpickler

PACKAGE = 'animal-shape-mnist==0.39'
IMAGES = 'animal_shape_mnist/data/Animal Shape/animal_data_version_3.gz'
LABELS = 'animal_shape_mnist/data/Animal Shape/animal_label_version_3.gz'
SHA256 = {
    IMAGES: '68a30346781a0984f839463a4615d2decb899d1ce65091bb92586311754a34ce',
    LABELS: 'dec8dba7c469830989fbab46825021a08a38470753a512f27ada847eced97b57',
}
COUNT = 10000
# What the labels 0 to 9 mean: the package's description names the animals in
# this order.
ANIMALS = ('bear', 'bird', 'cat', 'cow', 'dog', 'elephant', 'giraffe',
           'horse', 'sheep', 'zebra')
SOURCE_NOTE = f"""\
10000 animal silhouettes, white on black, 1000 of each of ten animals; 9716
of them are different. The zebras are drawn in grey.

Taken from {IMAGES}
and {LABELS}
of the PyPI package {PACKAGE} by Sina Mohammadi, made available
under the MIT licence.
"""


def read_animals(wheel: Path) -> tuple[np.ndarray, list[str]]:
    """Images, uint8 ``[10000, 28, 28]``, and animals ``[10000]``."""
    images, labels = (
        _array(read_member(wheel, PACKAGE, member, sha256))
        for member, sha256 in SHA256.items())
    return images.reshape(-1, SIDE, SIDE), [ANIMALS[i] for i in labels]


def _array(packed: bytes) -> np.ndarray:
    """The array in a compressed pickle, of which no code is run."""
    return PlainUnpickler(io.BytesIO(gzip.decompress(packed))).load()


def main() -> None:
    """Write the silhouettes that are missing."""
    prepare(
        read_animals,
        description=__doc__,
        package=PACKAGE,
        kind='animals',
        count=COUNT,
        out='data/animals',
        note=SOURCE_NOTE)


if __name__ == '__main__':
    main()
