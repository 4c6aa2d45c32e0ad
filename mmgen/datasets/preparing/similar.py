"""Pictures that are the same, or look the same."""
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmgen.datasets.preparing.records import Record

SIDE = 32  # pixels of the picture that the hash sees
LOW = 8  # frequencies of each axis in the hash
GRID = 4  # colours along each axis
# Two pictures look the same if at most so many of the 64 bits differ, and the
# colours of the grid by at most so much on average, of 255.
MAX_BITS = 4
MAX_COLOUR = 4
BLOCK = 1024  # pictures compared with as many others at a time


def thumbnail(image: Image.Image) -> Image.Image:
    """What is compared of a picture: 32x32 means."""
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


def perceptual_hash(small: Image.Image) -> bytes:
    """Eight bytes that stay the same when a picture is scaled or compressed.

    Bit by bit whether a low frequency of the grey picture's cosine transform
    lies above their median. Mirrored or cropped copies have other bits.

    Source: pHash, in Zauner 2010, "Implementation and Benchmarking of
    Perceptual Image Hash Functions", section 3.2.1, with the lowest 8x8
    frequencies.

    Args:
        small: The picture's `thumbnail`.
    """
    grey = np.asarray(small.convert('L'), np.float64)
    low = dctn(grey, norm='ortho')[:LOW, :LOW]
    low = low.round(3)  # what is zero but for rounding is zero
    return np.packbits(low > np.median(low)).tobytes()


def colour_grid(small: Image.Image) -> bytes:
    """The mean colours of a grid of fields, uint8 ``[4, 4, 3]``, RGB.

    The hash knows no colours: it alone would take a red and a blue car for
    the same.

    Args:
        small: The picture's `thumbnail`.
    """
    grid = small.resize((GRID, GRID), Image.Resampling.BOX)
    return grid.convert('RGB').tobytes()


def same_files(records: Sequence[Record]) -> list[list[Record]]:
    """Groups of pictures whose files are the same, byte by byte."""
    groups = defaultdict(list)
    for record in records:
        groups[record.sha256].append(record)
    return [group for group in groups.values() if len(group) > 1]


def similar_pictures(records: Sequence[Record]) -> list[list[Record]]:
    """Groups of pictures that look the same.

    All pairs are compared, block by block; who looks like a member of a group
    belongs to it.
    """
    if not records:
        return []
    hashes = np.frombuffer(
        bytes.fromhex(''.join(r.hash for r in records)), np.uint8)
    # As signs, so that a product counts the bits that agree less those that
    # do not. float32 holds these numbers exactly.
    signs = np.unpackbits(hashes.reshape(len(records), -1), axis=1) * 2.0 - 1
    signs = signs.astype(np.float32)
    colours = np.frombuffer(
        bytes.fromhex(''.join(r.colours for r in records)), np.uint8)
    colours = colours.reshape(len(records), -1).astype(np.int16)
    group_of = _groups(signs, colours)
    groups = defaultdict(list)
    for group, record in zip(group_of.tolist(), records):
        groups[group].append(record)
    return [group for group in groups.values() if len(group) > 1]


def _groups(signs: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The group of each picture, ``[N]``.

    Args:
        signs: Bits of the hashes, -1 or 1, ``[N, 64]``.
        colours: Colours of the grid, ``[N, 48]``.
    """
    count, bits = signs.shape
    group_of = np.arange(count)
    for top in range(0, count, BLOCK):
        for left in range(top, count, BLOCK):
            agree = signs[top:top + BLOCK] @ signs[left:left + BLOCK].T
            first, second = np.nonzero(agree >= bits - 2 * MAX_BITS)
            first, second = first + top, second + left
            pairs = first < second
            first, second = first[pairs], second[pairs]
            apart = np.abs(colours[first] - colours[second]).mean(axis=1)
            alike = apart <= MAX_COLOUR
            if alike.any():
                group_of = _joined(group_of, first[alike], second[alike])
    return group_of


def _joined(group_of: np.ndarray, first: np.ndarray,
            second: np.ndarray) -> np.ndarray:
    """The groups when each of ``first`` belongs to that of ``second``."""
    size = len(group_of)
    edges = coo_array((np.ones(len(first), bool),
                       (group_of[first], group_of[second])), (size, size))
    return connected_components(edges, directed=False)[1][group_of]
