"""Datasets of images on disk, and what happens to broken ones."""
import pickle
import re
import struct
import zipfile
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
from mmengine import fileio
from torch.utils.data import DataLoader

from mmgen.datasets import (ImageNet, QuickTestImageDataset, RepeatDataset,
                            UnconditionalImageDataset)
from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.datasets.image_dataset import ImageDataset
from mmgen.datasets.sources import ZipSource
from mmgen.registry import DATASETS

PIPELINE = [dict(type='LoadImageFromFile', key='img'),
            dict(type='PackGenInputs', meta_keys=['img_path', 'sample_idx'])]


def pixels(sample):
    """The value that all pixels of a flat image have."""
    values = sample['inputs']['img'].unique().tolist()
    assert len(values) == 1
    return values[0]


def write_image(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8, 3), value, dtype=np.uint8))


@pytest.fixture
def folder(tmp_path):
    """Flat images whose value grows with the sorted name."""
    root = tmp_path / 'images'
    names = ['a/b/c/0.png', 'a/1.PNG', 'a/2.bmp', 'b/3.png', '4.png']
    for value, name in enumerate(sorted(names)):
        write_image(root / name.lower(), value)
        (root / name.lower()).rename(root / name)
    (root / 'a' / '.hidden.png').write_bytes(b'no image')
    (root / 'notes.txt').write_text('no image')
    return root


class TestUnconditionalImageDataset:

    def test_all_images_are_found_in_sorted_order(self, folder):
        data = UnconditionalImageDataset(str(folder), PIPELINE)
        assert len(data) == 5
        assert [pixels(data[i]) for i in range(5)] == [0, 1, 2, 3, 4]
        sample = data[1]['data_samples']
        assert sample.img_path == str(folder / 'a' / '1.PNG')
        assert sample.sample_idx == 1

    def test_folder_zip_lmdb_and_backend_give_the_same(self, folder, tmp_path):
        files = [path for path in folder.rglob('*') if path.is_file()]
        archive, base = tmp_path / 'images.zip', tmp_path / 'images.lmdb'
        with zipfile.ZipFile(archive, 'w') as out:
            for path in files:
                out.write(path, path.relative_to(folder))
        environment = lmdb.open(str(base))
        with environment.begin(write=True) as out:
            for path in files:
                out.put(str(path.relative_to(folder)).encode(),
                        path.read_bytes())
        environment.close()
        fileio.register_backend('elsewhere', fileio.LocalBackend, force=True)
        forms = [
            UnconditionalImageDataset(str(archive), PIPELINE),
            UnconditionalImageDataset(
                '', PIPELINE,
                backend_args=dict(backend='lmdb', db_path=str(base))),
            UnconditionalImageDataset(str(base), PIPELINE, io_backend='lmdb'),
            UnconditionalImageDataset(
                str(folder), PIPELINE,
                backend_args=dict(backend='elsewhere')),
            UnconditionalImageDataset(
                str(folder), PIPELINE, io_backend='disk'),
        ]
        for data in forms:
            assert [pixels(data[i]) for i in range(len(data))] == [
                0, 1, 2, 3, 4
            ]
            # In workers and after pickling an archive is opened anew.
            loader = DataLoader(data, num_workers=2, collate_fn=list)
            assert [pixels(batch[0]) for batch in loader] == [0, 1, 2, 3, 4]
            assert pixels(data[2]) == 2
            assert pixels(pickle.loads(pickle.dumps(data))[4]) == 4

    def test_an_lmdb_without_extensions_is_taken_whole(self, tmp_path):
        content = cv2.imencode('.png', np.full((8, 8, 3), 9, np.uint8))[1]
        environment = lmdb.open(str(tmp_path / 'lsun'))
        with environment.begin(write=True) as out:
            out.put(b'0f3a', content.tobytes())
        environment.close()
        data = UnconditionalImageDataset(
            str(tmp_path / 'lsun'), PIPELINE, io_backend='lmdb')
        assert pixels(data[0]) == 9

    def test_a_file_list_chooses_and_orders(self, folder, tmp_path):
        (tmp_path / 'list.txt').write_text('b/3.png\n4.png\n')
        data = UnconditionalImageDataset(
            str(folder), PIPELINE, file_list=str(tmp_path / 'list.txt'))
        assert [pixels(data[i]) for i in range(len(data))] == [4, 0]

    def test_nothing_to_read_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match='no image in .*looked for .jpg'):
            UnconditionalImageDataset(str(tmp_path), PIPELINE)
        with pytest.raises(FileNotFoundError, match='no such folder'):
            UnconditionalImageDataset(str(tmp_path / 'nowhere'), PIPELINE)
        with pytest.raises(FileNotFoundError, match='no such zip file'):
            UnconditionalImageDataset(str(tmp_path / 'a.zip'), PIPELINE)
        with pytest.raises(FileNotFoundError, match='no such LMDB'):
            UnconditionalImageDataset(
                str(tmp_path / 'a'), PIPELINE, io_backend='lmdb')

    def test_an_index_outside_is_refused(self, folder):
        data = UnconditionalImageDataset(str(folder), PIPELINE)
        with pytest.raises(IndexError, match='index 5 of 5 samples'):
            data[5]


class Numbers(ImageDataset):
    """Each image is its index; some are broken."""

    def __init__(self, size, broken):
        super().__init__()
        self.size = size
        self.is_broken = broken

    def __len__(self):
        return self.size

    def read(self, index):
        if self.is_broken(index):
            raise BrokenImageError(f'{index} is broken')
        return dict(img=int(index))

    def walk(self, count):
        for index in range(count):
            self[index]


def break_file(path, how):
    """Make one kind of bad image out of a good one."""
    content = path.read_bytes()
    if how == 'missing':
        path.unlink()
    else:
        path.write_bytes({
            'empty': b'',
            'truncated': content[:len(content) // 2],
            'garbage': bytes(range(256)),
            'text': b'<html>not found</html>',
        }[how])


def change_member(archive, place, value):
    """Write a field of the first entry of a zip file's directory."""
    at, form = dict(flags=(8, '<H'), method=(10, '<H'), size=(24, '<I'))[place]
    content = bytearray(archive.read_bytes())
    struct.pack_into(form, content, content.index(b'PK\x01\x02') + at, value)
    archive.write_bytes(content)


class TestBrokenImages:

    @pytest.fixture
    def flat_images(self, tmp_path):
        for value in range(10):
            write_image(tmp_path / f'{value}.png', value)
        return tmp_path

    @pytest.mark.parametrize(
        'how', ['missing', 'empty', 'truncated', 'garbage', 'text'])
    def test_the_next_one_that_loads_takes_its_place(
            self, flat_images, how):
        data = UnconditionalImageDataset(
            str(flat_images), PIPELINE, max_broken_share=0.5)
        for index in (3, 4, 9):
            break_file(flat_images / f'{index}.png', how)
        found = [pixels(data[i]) for i in range(10)]
        assert found == [0, 1, 2, 5, 5, 5, 6, 7, 8, 0]
        assert found == [pixels(data[i]) for i in range(10)]

    def test_each_is_logged_once(self, flat_images, monkeypatch):
        lines = []
        monkeypatch.setattr('mmgen.datasets.image_dataset.print_log',
                            lambda line, **_: lines.append(line))
        data = UnconditionalImageDataset(str(flat_images), PIPELINE)
        break_file(flat_images / '3.png', 'truncated')
        for _ in range(3):
            data[3]
        assert len(lines) == 1
        assert f'{flat_images / "3.png"}: the image is truncated' in lines[0]

    def test_too_many_stop_the_run_with_their_paths(self, flat_images):
        data = UnconditionalImageDataset(str(flat_images), PIPELINE)
        break_file(flat_images / '3.png', 'truncated')
        break_file(flat_images / '7.png', 'empty')
        assert pixels(data[3]) == 4  # one is put up with in any dataset
        with pytest.raises(RuntimeError) as caught:
            data[7]
        message = str(caught.value)
        assert '2 broken images among 3 read so far (10 in all)' in message
        assert 'max_broken_share=0.01 allows 1' in message
        assert str(flat_images / '3.png') in message
        assert str(flat_images / '7.png') in message

    def test_a_share_of_zero_allows_none(self, flat_images):
        data = UnconditionalImageDataset(
            str(flat_images), PIPELINE, max_broken_share=0)
        break_file(flat_images / '3.png', 'garbage')
        with pytest.raises(RuntimeError, match='1 broken images among 1'):
            data[3]

    @pytest.mark.parametrize('worker', [0, 5])
    def test_one_worker_of_many_soon_sees_twice_the_share(self, worker):
        """2% of 100,000 images; 1000 would be the share of the whole."""
        data = Numbers(100_000, broken=lambda index: index % 50 == 7)
        order = np.random.default_rng(0).permutation(100_000)[worker::16]
        with pytest.raises(RuntimeError, match='broken images among') as error:
            for index in order:
                data[index]
        read = int(re.search(r'among (\d+) read', str(error.value))[1])
        assert 100 <= read < 2000 < len(order)

    def test_chance_does_not_stop_a_dataset_below_the_share(self):
        """0.5% in 16 workers over four epochs."""
        for worker in range(16):
            data = Numbers(20_000, broken=lambda index: index % 200 == 7)
            for epoch in range(4):
                rng = np.random.default_rng(epoch)
                for index in rng.permutation(20_000)[worker::16]:
                    data[index]

    def test_a_worker_judges_from_its_hundredth_image_on(self):
        """5% are broken, which five among the first 95 do not prove."""
        data = Numbers(10_000, broken=lambda index: index % 20 == 9)
        data.walk(90)
        with pytest.raises(
                RuntimeError,
                match=r'6 broken images among 115 read so far \(10000 in all\)'
                ', max_broken_share=0.01 allows 4.'):
            for index in range(90, 200):
                data[index]

    @pytest.mark.parametrize('size', [10, 10_000])
    def test_one_broken_image_is_put_up_with_for_ever(self, size):
        data = Numbers(size, broken=lambda index: index == 3)
        for _ in range(500):
            assert data[3] == {'img': 4}

    def test_a_dataset_without_a_good_image_ends(self, flat_images):
        data = UnconditionalImageDataset(
            str(flat_images), PIPELINE, max_broken_share=1)
        for index in range(10):
            break_file(flat_images / f'{index}.png', 'missing')
        with pytest.raises(RuntimeError, match='no image that loads from ind'):
            data[2]

    def test_workers_replace_in_the_same_way(self, flat_images):
        data = UnconditionalImageDataset(
            str(flat_images), PIPELINE, max_broken_share=0.2)
        break_file(flat_images / '3.png', 'truncated')
        loader = DataLoader(data, num_workers=2, collate_fn=list)
        found = [pixels(batch[0]) for batch in loader]
        assert found == [0, 1, 2, 4, 4, 5, 6, 7, 8, 9]

    def test_a_damaged_member_of_a_zip_file_is_broken(self, flat_images):
        archive = flat_images / 'all.zip'
        with zipfile.ZipFile(archive, 'w') as out:
            for index in range(3):
                out.write(flat_images / f'{index}.png', f'{index}.png')
        content = bytearray(archive.read_bytes())
        start = content.index(b'\x89PNG', content.index(b'\x89PNG') + 1)
        content[start + 40:start + 50] = bytes(10)
        archive.write_bytes(content)
        data = UnconditionalImageDataset(
            str(archive), PIPELINE, max_broken_share=0.5)
        assert [pixels(data[i]) for i in range(3)] == [0, 2, 2]

    @pytest.mark.parametrize('place, content, said', [
        ('flags', 1, 'encrypted; pack it without a password'),
        ('method', 99, 'compression'),
        ('size', 2**31, '2147483648 bytes when unpacked, at most 1073741824 '
         'are read'),
    ])
    def test_a_member_that_cannot_be_unpacked_is_named(
            self, flat_images, place, content, said):
        archive = flat_images / 'all.zip'
        with zipfile.ZipFile(archive, 'w') as out:
            out.write(flat_images / '0.png', '0.png')
        change_member(archive, place, content)
        with pytest.raises(BrokenImageError, match='all.zip/0.png: .*' + said):
            ZipSource(str(archive)).results('0.png')

    def test_a_damaged_zip_file_is_named(self, flat_images):
        archive = flat_images / 'all.zip'
        with zipfile.ZipFile(archive, 'w') as out:
            out.write(flat_images / '0.png', '0.png')
        archive.write_bytes(archive.read_bytes()[:-30])
        with pytest.raises(ValueError, match='all.zip is damaged or no zip '
                           'file: .*. Fetch or pack it again'):
            UnconditionalImageDataset(str(archive), PIPELINE)

    def test_a_fault_of_the_pipeline_is_not_hidden(self, flat_images):
        data = UnconditionalImageDataset(
            str(flat_images),
            [PIPELINE[0], dict(type='Crop', keys=['img'], crop_size=(9, 9))])
        with pytest.raises(ValueError, match='smaller than crop_size'):
            data[0]

    def test_the_share_is_a_part(self, flat_images):
        with pytest.raises(ValueError, match='max_broken_share=5, expected'):
            UnconditionalImageDataset(
                str(flat_images), PIPELINE, max_broken_share=5)


class TestImageNet:

    @pytest.fixture
    def root(self, tmp_path):
        for value, name in enumerate(['cat/0.png', 'cat/x/1.png', 'dog/2.png']):
            write_image(tmp_path / 'train' / name, value)
        return tmp_path

    def test_folders_are_classes_in_sorted_order(self, root):
        data = ImageNet(str(root), data_prefix='train', pipeline=PIPELINE)
        assert data.metainfo == dict(classes=('cat', 'dog'))
        assert data.labels.tolist() == [0, 0, 1]
        assert data.labels.dtype == np.int64
        assert [pixels(data[i]) for i in range(3)] == [0, 1, 2]
        assert data[2]['data_samples'].gt_label.label.tolist() == [1]

    def test_an_annotation_file_says_which_and_what(self, root):
        (root / 'meta').mkdir()
        (root / 'train' / 'a b.png').write_bytes(
            (root / 'train' / 'dog' / '2.png').read_bytes())
        (root / 'meta' / 'train.txt').write_text(
            'dog/2.png 3\ncat/0.png\t0\n\na b.png 1\n')
        data = DATASETS.build(
            dict(
                type='ImageNet',
                data_root=str(root),
                data_prefix=dict(img_path='train'),
                ann_file='meta/train.txt',
                pipeline=PIPELINE))
        assert data.labels.tolist() == [3, 0, 1]
        assert [pixels(data[i]) for i in range(3)] == [2, 0, 2]
        assert data.metainfo == dict(classes=('0', '1', '2', '3'))

    def test_a_zip_file_holds_classes_too(self, root):
        with zipfile.ZipFile(root / 'train.zip', 'w') as out:
            for path in sorted((root / 'train').rglob('*.png')):
                out.write(path, path.relative_to(root / 'train'))
        data = ImageNet(str(root), data_prefix='train.zip', pipeline=PIPELINE)
        assert data.labels.tolist() == [0, 0, 1]
        assert pixels(data[2]) == 2

    def test_classes_can_be_named(self, root):
        (root / 'names.txt').write_text('Katze\nHund\n')
        for classes in (['Katze', 'Hund'], str(root / 'names.txt')):
            data = ImageNet(str(root), 'train', classes=classes)
            assert data.metainfo == dict(classes=('Katze', 'Hund'))
        with pytest.raises(ValueError, match='2 classes were found, but '
                           'classes names 1'):
            ImageNet(str(root), 'train', classes=['Katze'])

    @pytest.mark.parametrize('line', ['cat/0.png', 'cat/0.png one', '3'])
    def test_a_bad_line_is_named(self, root, line):
        (root / 'ann.txt').write_text(f'cat/0.png 0\n{line}\n')
        with pytest.raises(ValueError, match='line 2 of .*expected "path la'):
            ImageNet(str(root), 'train', ann_file='ann.txt')

    def test_an_empty_class_would_shift_the_others(self, root):
        (root / 'train' / 'cow').mkdir()
        with pytest.raises(ValueError, match='no image in the class folder '
                           'cow'):
            ImageNet(str(root), 'train')

    def test_images_outside_class_folders_are_refused(self, root):
        with pytest.raises(ValueError, match='expected one folder per class'):
            ImageNet(str(root / 'train' / 'dog'))


def test_quick_test_images_are_always_the_same():
    data = QuickTestImageDataset(size=16)
    image = data[3]['inputs']['img']
    assert image.shape == (3, 16, 16)
    assert image.float().std() > 60  # uniform noise has 73.9
    assert np.array_equal(image, QuickTestImageDataset(16)[3]['inputs']['img'])
    assert QuickTestImageDataset((8, 9))[0]['inputs']['img'].shape == (3, 8, 9)
    assert QuickTestImageDataset()[0]['inputs']['img'].shape == (3, 256, 256)


def test_a_repeated_dataset_goes_round(folder):
    data = DATASETS.build(
        dict(
            type='RepeatDataset',
            times=3,
            dataset=dict(
                type='ImageNet', data_root=str(folder), pipeline=PIPELINE)))
    assert len(data) == 12
    assert [pixels(data[i]) for i in (0, 3, 4, 11)] == [1, 4, 1, 4]
    assert data.labels.tolist() == [0, 0, 0, 1] * 3
    assert data.metainfo == dict(classes=('a', 'b'))
    with pytest.raises(IndexError):
        data[12]
    with pytest.raises(ValueError, match='times=0'):
        RepeatDataset(data, 0)


def test_paths_are_shown_with_their_place_in_the_archive(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as out:
        out.write(folder / '4.png', 'x/4.png')
    data = UnconditionalImageDataset(str(tmp_path / 'a.zip'), PIPELINE)
    assert Path(data[0]['data_samples'].img_path) == tmp_path / 'a.zip/x/4.png'
