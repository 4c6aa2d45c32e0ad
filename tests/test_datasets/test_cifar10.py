"""CIFAR-10 files."""
import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from mmgen.datasets import CIFAR10, cifar10
from mmgen.registry import DATASETS


def write_batch(folder, name, start, count=3, protocol=2):
    """A batch whose pixels count up, in the published form."""
    folder.mkdir(parents=True, exist_ok=True)
    data = (np.arange(count * 3072) + start).reshape(count, 3072) % 251
    labels = [(start + i) % 10 for i in range(count)]
    content = {
        b'batch_label': b'mine', b'data': data.astype(np.uint8),
        b'labels': labels, b'filenames': [b'a.png'] * count
    }
    (folder / name).write_bytes(pickle.dumps(content, protocol=protocol))
    return content


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / 'cifar10' / 'cifar-10-batches-py'
    for number in (1, 2):
        write_batch(folder, f'data_batch_{number}', number)
    write_batch(folder, 'test_batch', 7, protocol=5)
    return tmp_path


def small(root, **settings):
    return CIFAR10(str(root), 'cifar10', check_md5=False, **settings)


def test_planes_become_rgb_pixels(root):
    data = DATASETS.build(
        dict(
            type='CIFAR10',
            data_root=str(root),
            data_prefix='cifar10',
            test_mode=False,
            check_md5=False,
            pipeline=[dict(type='PackGenInputs')]))
    assert len(data) == 6
    assert data.labels.tolist() == [1, 2, 3, 2, 3, 4]
    assert data.metainfo['classes'][9] == 'truck'
    sample = data[4]
    # Image 1 of batch 2: its value at (c, y, x) is in the order of the file.
    expected = ((np.arange(3072) + 3072 + 2) % 251).reshape(3, 32, 32)
    assert np.array_equal(sample['inputs']['img'].numpy(), expected)
    assert sample['data_samples'].gt_label.label.tolist() == [3]
    image = small(root).read(4)['img']
    assert image.shape == (32, 32, 3) and image[2, 1, 0] == expected[0, 2, 1]


def test_the_test_images_are_apart(root):
    assert small(root, test_mode=True).labels.tolist() == [7, 8, 9]


def test_writing_into_an_image_does_not_change_the_dataset(root):
    data = small(root)
    data.read(0)['img'][:] = 0
    assert data.read(0)['img'].max() > 0


def test_files_that_are_not_the_published_ones_are_refused(root):
    with pytest.raises(ValueError, match='data_batch_1 has the MD5 .*the '
                       'published file c99cafc1.*check_md5=False'):
        CIFAR10(str(root), 'cifar10')


def test_missing_files_are_named(root, tmp_path):
    with pytest.raises(FileNotFoundError, match='data_batch_1 is missing.*'
                       'download=True'):
        CIFAR10(str(tmp_path / 'nowhere'))
    with pytest.raises(FileNotFoundError, match='none of data_batch_1'):
        CIFAR10(str(tmp_path / 'nowhere'), check_md5=False)


def test_another_pickle_is_refused(root):
    path = root / 'cifar10' / 'cifar-10-batches-py' / 'data_batch_1'
    path.write_bytes(pickle.dumps({b'data': np.zeros((2, 10))}))
    with pytest.raises(ValueError, match='is not a batch of CIFAR-10'):
        small(root)


def test_a_download_is_checked_and_unpacked(root, tmp_path, monkeypatch):
    archive = tmp_path / 'cifar.tar.gz'
    files = {**cifar10.TRAIN_BATCHES, **cifar10.TEST_BATCHES}
    with tarfile.open(archive, 'w:gz') as tar:
        for number, name in enumerate(files):
            write_batch(tmp_path / 'source', name, number)
            content = (tmp_path / 'source' / name).read_bytes()
            entry = tarfile.TarInfo(f'cifar-10-batches-py/{name}')
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    monkeypatch.setattr(cifar10, 'URL', archive.as_uri())
    with pytest.raises(RuntimeError, match='its md5 is .*, expected c58f3010'
                       '.*yourself and unpack it in .*new'):
        small(tmp_path / 'new', download=True)
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(cifar10, 'ARCHIVE_MD5', md5)
    assert len(small(tmp_path / 'new', download=True)) == 15
    left = os.listdir(tmp_path / 'new' / 'cifar10')
    assert left == ['cifar-10-batches-py']
