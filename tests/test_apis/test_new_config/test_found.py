"""What is found in a place of images."""
import shutil

import numpy as np
import pytest
from PIL import Image
from tiny_runs import write_images

from mmgen.apis.new_config.found import look_at
from mmgen.datasets.preparing.writing import CLASSES, LABELS


def write(path, size=(8, 8), mode='RGB'):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)


def test_folders_are_classes(tmp_path):
    write_images(tmp_path / 'x', classes=3, per_class=4, side=16)
    found = look_at(tmp_path / 'x')
    assert found.count == 12
    assert found.sizes == {(16, 16): 12}
    assert found.is_square and found.side == 16
    assert found.channels == 3
    assert found.classes == ('class_0', 'class_1', 'class_2')
    assert look_at(tmp_path / 'x', 'none').classes == ()


def test_a_folder_around_them_is_gone_into(tmp_path):
    write_images(tmp_path / 'x' / 'train', classes=2, channels=1)
    write(tmp_path / 'x' / 'test' / 'a.png')
    found = look_at(tmp_path / 'x')
    assert found.root == tmp_path / 'x' / 'train'
    assert len(found.classes) == 2
    assert found.channels == 1  # the test image has three, and is not counted
    assert found.notes == ('Of test, train only train is trained on.', )


@pytest.mark.parametrize('mode, channels', [
    ('L', 1), ('1', 1), ('LA', 1), ('P', 3), ('RGBA', 3)])
def test_channels_are_those_of_the_pixels(tmp_path, mode, channels):
    write(tmp_path / 'a.png', mode=mode)
    assert look_at(tmp_path).channels == channels


def test_sizes_are_those_of_upright_pictures(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side, as loading knows too
    Image.new('RGB', (8, 12)).save(tmp_path / 'a.jpg', exif=exif)
    assert look_at(tmp_path).sizes == {(12, 8): 1}


def test_numbered_folders_are_parts_unless_said_otherwise(tmp_path):
    for name in ('00000', '00001'):
        write(tmp_path / name / 'a.png')
    found = look_at(tmp_path)
    assert found.classes == ()
    assert 'taken for parts of one whole' in found.notes[0]
    assert look_at(tmp_path, 'folder').classes == ('00000', '00001')


def test_images_beside_folders_mean_no_classes(tmp_path):
    for name in ('a/1.png', 'b/1.png', '1.png'):
        write(tmp_path / name)
    found = look_at(tmp_path)
    assert found.classes == ()
    assert '1 images lie beside folders' in found.notes[0]
    with pytest.raises(ValueError, match='2 folder.s. and 1 image'):
        look_at(tmp_path, 'folder')


def test_mixed_sizes_have_a_middle_one(tmp_path):
    for index, size in enumerate([(20, 10), (40, 30), (64, 64)]):
        write(tmp_path / f'{index}.png', size)
    found = look_at(tmp_path)
    assert not found.is_square
    assert found.side == 30
    assert found.size_text == '20x10 to 64x64'


def test_a_zip_file_is_read(tmp_path):
    write_images(tmp_path / 'x', classes=2, per_class=3, side=12)
    shutil.make_archive(tmp_path / 'x', 'zip', tmp_path / 'x')
    found = look_at(tmp_path / 'x.zip')
    assert (found.kind, found.count) == ('zip', 6)
    assert found.sizes == {(12, 12): 6}
    assert found.classes == ('class_0', 'class_1')


def test_an_lmdb_is_read(tmp_path):
    lmdb = pytest.importorskip('lmdb')
    write(tmp_path / 'a.png')
    with lmdb.open(str(tmp_path / 'images.lmdb')) as environment, \
            environment.begin(write=True) as transaction:
        for name in (b'u/a.png', b'v/a.png'):
            transaction.put(name, (tmp_path / 'a.png').read_bytes())
    (tmp_path / 'a.png').unlink()
    found = look_at(tmp_path)  # as prepare.py leaves it in a folder
    assert (found.kind, found.count, found.classes) == ('lmdb', 2, ('u', 'v'))


def test_the_labels_of_prepared_images_are_used(tmp_path):
    for name in ('0/a.png', '2/b.png'):
        write(tmp_path / name)
    (tmp_path / LABELS).write_text('0/a.png 0\n2/b.png 2\n')
    (tmp_path / CLASSES).write_text('0\n1\n2\n')
    found = look_at(tmp_path)
    assert found.ann_file == tmp_path / LABELS
    assert found.classes == ('0', '1', '2')


def test_a_file_says_the_classes(tmp_path):
    for name in ('my a.png', 'b.png', 'c.png'):
        write(tmp_path / 'x' / name)
    file = tmp_path / 'labels'
    file.write_text('my a.png 1\nb.png 0\n')
    found = look_at(tmp_path / 'x', str(file))
    assert found.classes == ('0', '1')
    assert found.count == 2


def test_headers_that_cannot_be_read_are_counted(tmp_path):
    write(tmp_path / 'a.png')
    (tmp_path / 'b.png').write_bytes(b'x')
    assert look_at(tmp_path).broken == 1
    (tmp_path / 'a.png').unlink()
    with pytest.raises(ValueError, match='none of the 1 images'):
        look_at(tmp_path)


@pytest.mark.parametrize('make, labels, error, words', [
    (None, 'auto', FileNotFoundError, 'there is no'),
    ('folder', 'auto', ValueError, 'no image in'),
    ('a.txt', 'auto', ValueError, 'is a .txt file, expected a folder'),
    ('x/a.png', 'nowhere.txt', FileNotFoundError, 'there is no file'),
    ('x/a.png', 'LINE: a.png one', ValueError, 'line 1 of .* is'),
    ('x/a.png', 'LINE: b.png 0', ValueError, '1 are not there, such as b.png'),
])
def test_what_cannot_be_used_is_refused(tmp_path, make, labels, error, words):
    data = tmp_path / 'x'
    if make == 'folder':
        data.mkdir()
    elif make == 'a.txt':
        data = tmp_path / make
        data.write_text('')
    elif make:
        write(tmp_path / make)
    if labels.startswith('LINE: '):
        file = tmp_path / 'labels'
        file.write_text(labels.removeprefix('LINE: '))
        labels = str(file)
    with pytest.raises(error, match=words):
        look_at(data, labels)


def test_pixels_are_not_read(tmp_path):
    """A header is enough: the rest of the file may be missing."""
    pixels = np.random.default_rng(0).integers(
        0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    content = (tmp_path / 'a.png').read_bytes()
    (tmp_path / 'a.png').write_bytes(content[:100])
    assert look_at(tmp_path).sizes == {(64, 64): 1}
