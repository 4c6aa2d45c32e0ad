"""Pictures inside a page: evenly chosen, small, and of the right pixels."""
import base64
import io

import numpy as np
import pytest
from PIL import Image
from run_folders import write_picture

from mmgen.visualization.report.pictures import data_uri, evenly


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1])))


def test_few_are_kept_and_many_thinned_evenly():
    assert evenly([1, 5], 3) == [1, 5]
    assert evenly(list(range(0, 101, 10)), 3) == [0, 50, 100]
    assert evenly([1, 2, 3], 1) == [3]


def test_a_small_picture_is_the_file(tmp_path):
    path = tmp_path / 'a.png'
    write_picture(path, np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    uri = data_uri(path, limit=10_000)
    assert uri.startswith('data:image/png;base64,')
    assert base64.b64decode(uri.split(',')[1]) == path.read_bytes()


def test_a_picture_of_too_many_pixels_is_made_smaller(tmp_path):
    pixels = np.zeros((1600, 800, 3), np.uint8)
    pixels[:, :, 0] = 200
    write_picture(tmp_path / 'a.png', pixels)
    picture = decoded(data_uri(tmp_path / 'a.png', limit=10**7))
    assert picture.size == (550, 1100)
    red, green, _ = picture.getpixel((200, 500))
    assert abs(red - 200) < 3 and green < 3


def test_a_picture_of_too_many_bytes_is_made_smaller(tmp_path):
    noise = np.random.default_rng(0).integers(
        0, 256, (600, 300, 3), dtype=np.uint8)
    write_picture(tmp_path / 'a.png', noise)
    uri = data_uri(tmp_path / 'a.png', limit=40_000)
    size = len(base64.b64decode(uri.split(',')[1]))
    assert uri.startswith('data:image/jpeg') and 10_000 < size < 40_000


def test_a_small_side_may_still_pass_the_limit(tmp_path):
    write_picture(tmp_path / 'a.png', np.full((300, 300), 7, np.uint8))
    assert decoded(data_uri(tmp_path / 'a.png', limit=1)).size == (128, 128)


@pytest.mark.parametrize('keep', [10, 60])
def test_a_damaged_picture_is_an_error(keep, tmp_path):
    path = tmp_path / 'a.png'
    write_picture(path, np.zeros((64, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises((OSError, SyntaxError)):
        data_uri(path, limit=10_000)
