"""Pictures that look the same are found, others are not."""
import io

import numpy as np
import pytest
from PIL import Image

from mmgen.datasets.preparing import similar
from mmgen.datasets.preparing.records import Record
from mmgen.datasets.preparing.similar import (colour_grid, perceptual_hash,
                                              same_files, similar_pictures,
                                              thumbnail)


def scene(seed):
    """A smooth picture, different for each seed."""
    draw = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(draw).resize((96, 96), Image.Resampling.BICUBIC)


def record(index, image):
    small = thumbnail(image)
    return Record(index, str(index), hash=perceptual_hash(small).hex(),
                  colours=colour_grid(small).hex())


def groups(images):
    found = similar_pictures([record(i, im) for i, im in enumerate(images)])
    return [[r.index for r in group] for group in found]


def jpeg(image, quality):
    file = io.BytesIO()
    image.save(file, 'JPEG', quality=quality)
    return Image.open(file)


def test_the_hash_is_the_signs_of_low_frequencies():
    """By the transform's definition, for one picture."""
    small = thumbnail(scene(3))
    grey = np.asarray(small.convert('L'), float)
    n = np.arange(32)
    basis = np.cos(np.pi * (2 * n[None] + 1) * n[:8, None] / 64)
    basis[0] /= np.sqrt(2)
    low = (basis @ grey @ basis.T / 16).round(3)
    expected = np.packbits(low > np.median(low)).tobytes()
    assert perceptual_hash(small) == expected


def test_copies_look_the_same_and_others_do_not():
    scenes = [scene(seed) for seed in range(20)]
    copies = [scenes[4].resize((48, 48), Image.Resampling.LANCZOS),
              jpeg(scenes[4], 75), jpeg(scenes[7], 85)]
    assert groups(scenes) == []
    assert groups(scenes + copies) == [[4, 20, 21], [7, 22]]


def test_colours_tell_pictures_apart():
    grey = np.asarray(scene(0).convert('L'))
    red, blue = np.zeros((2, 96, 96, 3), np.uint8)
    red[..., 0], blue[..., 2] = grey, grey * 0.4
    images = [Image.fromarray(red), Image.fromarray(blue)]
    assert groups(images) == []
    assert groups([Image.new('RGB', (9, 9), 'red'),
                   Image.new('RGB', (9, 9), 'green')]) == []


def test_blocks_change_nothing(monkeypatch):
    scenes = [scene(seed % 10) for seed in range(30)]
    expected = [[i, i + 10, i + 20] for i in range(10)]
    assert groups(scenes) == expected
    monkeypatch.setattr(similar, 'BLOCK', 7)
    assert groups(scenes) == expected


def test_who_looks_like_a_member_belongs_to_the_group():
    """a is like b and b like c, though a is not like c."""
    bits = np.zeros((3, 64), np.uint8)
    bits[1, :4] = bits[2, :8] = 1
    records = [Record(i, str(i), hash=np.packbits(row).tobytes().hex(),
                      colours='00' * 48) for i, row in enumerate(bits)]
    assert similar_pictures([records[0], records[2]]) == []
    assert similar_pictures(records) == [records]


@pytest.mark.parametrize('bits, found', [(4, True), (5, False)])
def test_the_limit_of_bits(bits, found):
    rows = np.zeros((2, 64), np.uint8)
    rows[1, :bits] = 1
    records = [Record(i, str(i), hash=np.packbits(row).tobytes().hex(),
                      colours='00' * 48) for i, row in enumerate(rows)]
    assert bool(similar_pictures(records)) is found


def test_same_files_are_known_by_their_bytes():
    records = [Record(i, str(i), sha256=h) for i, h in enumerate('abca')]
    assert same_files(records) == [[records[0], records[3]]]


def test_no_picture_has_no_group():
    assert similar_pictures([]) == []


def test_thumbnail_and_grid_have_mean_colours():
    pixels = np.asarray(scene(5), float)
    small = np.asarray(thumbnail(scene(5)), float)
    means = pixels.reshape(32, 3, 32, 3, 3).mean((1, 3))
    assert np.abs(small - means).max() <= 1
    means = pixels.reshape(4, 24, 4, 24, 3).mean((1, 3))
    grid = np.frombuffer(colour_grid(thumbnail(scene(5))), np.uint8)
    assert np.abs(grid.reshape(4, 4, 3) - means).max() <= 1
