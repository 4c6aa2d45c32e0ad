import hashlib

import cv2
import numpy as np
import pytest
from data_set_tool import DataSetTool, write_wheel


@pytest.fixture
def photo():
    """A photograph of the real one's size, the left half blue."""
    image = np.zeros((427, 640, 3), np.uint8)
    image[:, :320, 0] = 255
    return cv2.imencode('.png', image)[1].tobytes()


@pytest.fixture
def tool(photo, monkeypatch):
    tool = DataSetTool('prepare_photo.py', monkeypatch)
    tool.scope.update(SHA256=hashlib.sha256(photo).hexdigest())
    return tool


@pytest.fixture
def wheel(tool, photo, tmp_path):
    return write_wheel(
        tmp_path / 'scikit_image.whl', {tool.names['MEMBER']: photo})


def test_the_photograph_is_written_with_a_short_side_of_96(
        tool, wheel, tmp_path, capsys):
    out = tmp_path / 'singan'
    tool.run('--wheel', wheel, '--out', out)
    image = cv2.imread(str(out / 'rocket.png'))
    assert image.shape == (96, 144, 3)
    assert (image[:, :72] == (255, 0, 0)).all() and not image[:, 72:].any()
    note = (out / 'SOURCE.txt').read_text()
    assert 'public domain' in note and 'scikit-image==0.26.0' in note
    assert 'of 144x96 is written' in capsys.readouterr().out


def test_a_second_run_writes_nothing(tool, wheel, tmp_path, capsys):
    tool.run('--wheel', wheel, '--out', tmp_path)
    (tmp_path / 'other.png').write_bytes(b'of somebody else')
    wheel.unlink()  # not even looked for
    tool.run('--wheel', wheel, '--out', tmp_path)
    assert 'rocket.png is there already' in capsys.readouterr().out


def test_a_damaged_photograph_is_written_again(tool, wheel, tmp_path):
    (tmp_path / 'rocket.png').write_bytes(b'')
    tool.run('--wheel', wheel, '--out', tmp_path)
    assert cv2.imread(str(tmp_path / 'rocket.png')) is not None


def test_another_file_is_refused(tool, tmp_path):
    write_wheel(tmp_path / 'a.whl', {tool.names['MEMBER']: b'other'})
    with pytest.raises(SystemExit, match='has the sha256 .* expected'):
        tool.run('--wheel', tmp_path / 'a.whl', '--out', tmp_path / 'a')
    with pytest.raises(SystemExit, match='is not the wheel of scikit-image'):
        tool.run('--wheel', tmp_path / 'b.whl', '--out', tmp_path / 'a')


def test_a_download_that_fails_says_what_to_do(tool, monkeypatch, tmp_path):
    monkeypatch.setattr(tool.names['download_wheel'].__globals__['sys'],
                        'executable', '/bin/false')
    with pytest.raises(SystemExit, match='Could not download scikit-image.* '
                       '--wheel FILE'):
        tool.run('--out', tmp_path / 'a')
