"""Files of pictures hold the pictures."""
import sys

import numpy as np
import pytest
from PIL import Image

from mmgen.apis.pictures import (collect, read_picture, write_animation,
                                 write_picture)


def frames(count=3, height=8, width=12):
    """Plain frames of different greys."""
    return [np.full((height, width, 3), 60 * index, np.uint8)
            for index in range(count)]


def test_pictures_stand_in_rows(tmp_path):
    write_picture(tmp_path / 'new/a.png', frames(), 2)
    picture = np.asarray(Image.open(tmp_path / 'new/a.png'))
    assert picture.shape == (2 * 10 + 2, 2 * 14 + 2, 3)
    assert (picture[12:20, 2:14] == 120).all()


def test_a_gif_has_all_frames_at_their_speed(tmp_path):
    write_animation(tmp_path / 'new/a.gif', frames(), fps=10)
    film = Image.open(tmp_path / 'new/a.gif')
    assert film.n_frames == 3 and film.info['duration'] == 100
    for index, frame in enumerate(frames()):
        film.seek(index)
        assert np.abs(np.asarray(film.convert('RGB')).astype(int)
                      - frame).max() <= 2


@pytest.mark.parametrize('height, width, size', [
    (32, 48, (48, 32)), (35, 49, (48, 34))])
def test_an_mp4_has_all_frames(height, width, size, tmp_path):
    ffmpeg = pytest.importorskip('imageio_ffmpeg')
    path = tmp_path / 'a.mp4'
    write_animation(path, frames(4, height, width), fps=5)
    reader = ffmpeg.read_frames(str(path))
    about = next(reader)
    shown = [np.frombuffer(frame, np.uint8) for frame in reader]
    assert about['size'] == size and len(shown) == 4
    for index, frame in enumerate(shown):
        assert abs(frame.mean() - 60 * index) < 4


def test_what_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match='expected .gif or .mp4'):
        write_animation(tmp_path / 'a.avi', frames())
    monkeypatch.setitem(sys.modules, 'imageio_ffmpeg', None)
    with pytest.raises(ImportError, match='pip install -r requirements'):
        write_animation(tmp_path / 'a.mp4', frames())


def test_batches_are_joined():
    batches = [np.stack(frames(2)), np.stack(frames(1))]
    assert np.array_equal(collect(iter(batches), 3), np.concatenate(batches))


def test_the_middle_square_of_a_picture_is_read(tmp_path):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 4:12] = (10, 20, 30)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    assert (read_picture(tmp_path / 'a.png', 8) == (10, 20, 30)).all()
    assert read_picture(tmp_path / 'a.png', 4).shape == (4, 4, 3)
    (tmp_path / 'b.png').write_text('junk')
    with pytest.raises(ValueError, match='b.png is no picture'):
        read_picture(tmp_path / 'b.png', 4)
    with pytest.raises(FileNotFoundError, match='There is no picture'):
        read_picture(tmp_path / 'c.png', 4)
