"""Pairs of images that lie side by side in one file."""
import zipfile
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest

from mmgen.datasets import LoadPairedImageFromFile, PairedImageDataset
from mmgen.registry import DATASETS, TRANSFORMS

LOAD = dict(
    type='LoadPairedImageFromFile', key='pair', domain_a='mask',
    domain_b='photo')
# As the published configs have it.
PIPELINE = [
    LOAD,
    dict(
        type='TransformBroadcaster',
        mapping=dict(img=['img_mask', 'img_photo']),
        auto_remap=True,
        share_random_params=True,
        transforms=[
            dict(type='mmgen.Resize', scale=(12, 12), interpolation='bicubic'),
            dict(type='mmgen.FixedCrop', crop_size=(8, 8))
        ]),
    dict(type='Flip', keys=['img_mask', 'img_photo'], direction='horizontal'),
    dict(
        type='PackGenInputs',
        keys=['img_mask', 'img_photo', 'pair'],
        meta_keys=['pair_path', 'sample_idx', 'pair_ori_shape',
                   'img_mask_path', 'img_photo_path', 'img_mask_ori_shape',
                   'flip', 'flip_direction'])
]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(
        0, 256, (height, width, 3), np.uint8)


def write_pair(path, left, right):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.concatenate([left, right], axis=1))


@pytest.fixture
def root(tmp_path):
    """Four pairs to train, two to test and one to validate.

    The right image is the left one's negative.
    """
    for folder, count in (('train', 4), ('test', 2), ('val', 1)):
        for index in range(count):
            left = noise(10, 14, seed=index)
            write_pair(tmp_path / folder / f'{index}.png', left, 255 - left)
    return tmp_path


class TestPairedImageDataset:

    @pytest.mark.parametrize('settings, folder, count', [
        ({}, 'train', 4),
        (dict(testdir='val'), 'train', 4),
        (dict(test_mode=True), 'test', 2),
        (dict(test_mode=True, testdir='val'), 'val', 1),
    ])
    def test_the_folder_is_that_of_the_use(self, root, settings, folder,
                                           count):
        data = PairedImageDataset(str(root), [], **settings)
        assert len(data) == count
        assert data[count - 1] == dict(
            pair_path=str(root / folder / f'{count - 1}.png'),
            sample_idx=count - 1)

    def test_the_published_pipeline_keeps_pairs_aligned(self, root):
        data = DATASETS.build(dict(
            type='PairedImageDataset', data_root=str(root), pipeline=PIPELINE))
        np.random.seed(0)
        seen = set()
        for _ in range(20):
            sample = data[2]
            mask, photo = (sample['inputs'][key].int()
                           for key in ('img_mask', 'img_photo'))
            # Resizing rounds each of the two.
            assert (mask + photo - 255).abs().max() <= 1
            assert mask.shape == (3, 8, 8)
            seen.add(mask.numpy().tobytes())
        assert len(seen) > 10
        assert sample['inputs']['pair'].shape == (3, 10, 28)
        info = sample['data_samples']
        assert info.pair_path == info.img_mask_path == info.img_photo_path
        assert info.img_mask_ori_shape == (10, 14, 3)
        assert info.pair_ori_shape == (10, 28, 3)

    def test_an_lmdb_has_whole_pairs(self, root, tmp_path):
        (tmp_path / 'all').mkdir()
        environment = lmdb.open(str(tmp_path / 'all' / 'train'))
        with environment.begin(write=True) as out:
            for path in (root / 'train').iterdir():
                out.put(path.name.encode(), path.read_bytes())
        environment.close()
        pipeline = [LOAD]
        data = PairedImageDataset(
            str(tmp_path / 'all'), pipeline, io_backend='lmdb')
        plain = PairedImageDataset(str(root), pipeline)
        assert np.array_equal(data[3]['img_photo'], plain[3]['img_photo'])
        assert 'pair_bytes' not in data[3]

    def test_a_broken_pair_is_replaced(self, root):
        (root / 'train' / '1.png').write_bytes(b'')
        data = PairedImageDataset(str(root), [LOAD])
        assert data[1]['sample_idx'] == 2

    def test_what_is_missing_is_named(self, root, tmp_path):
        with pytest.raises(
                FileNotFoundError, match='PairedImageDataset: no such folder '
                'of images: .*/testing. It is named by data_root and'):
            PairedImageDataset(
                str(root), [], test_mode=True, testdir='testing')
        (tmp_path / 'empty/train').mkdir(parents=True)
        with pytest.raises(ValueError, match='PairedImageDataset: no image in '
                           '.*/empty/train; looked for .jpg'):
            PairedImageDataset(str(tmp_path / 'empty'), [])
        with pytest.raises(ValueError, match='data_root is None. Set data_root '
                           'of each dataloader to the folder that has train '
                           'and val.'):
            PairedImageDataset(None, [], testdir='val')

    def test_a_zip_file_is_not_a_folder_of_folders(self, root, tmp_path):
        with zipfile.ZipFile(tmp_path / 'all.zip', 'w') as archive:
            archive.write(root / 'train' / '0.png', 'train/0.png')
        with pytest.raises(FileNotFoundError, match='all.zip/train'):
            PairedImageDataset(str(tmp_path / 'all.zip'), [])


class TestLoadPairedImageFromFile:

    @pytest.fixture
    def path(self, tmp_path):
        write_pair(tmp_path / 'a.png', noise(6, 8, 1), noise(6, 8, 2))
        return str(tmp_path / 'a.png')

    def test_left_is_the_first_domain(self, path):
        out = TRANSFORMS.build(LOAD)(dict(pair_path=path))
        assert np.array_equal(out['img_mask'], noise(6, 8, 1))
        assert np.array_equal(out['img_photo'], noise(6, 8, 2))
        assert out['pair'].shape == out['pair_ori_shape'] == (6, 16, 3)

    def test_the_two_images_can_be_changed_each_for_itself(self, path):
        out = TRANSFORMS.build(dict(LOAD, save_original_img=True))(
            dict(pair_path=path))
        out['img_mask'][:] = 0
        assert np.array_equal(out['pair'][:, :8], noise(6, 8, 1))
        assert np.array_equal(out['ori_img_mask'], noise(6, 8, 1))
        assert np.array_equal(out['ori_img_photo'], noise(6, 8, 2))

    def test_settings_of_single_images_hold(self, path):
        out = LoadPairedImageFromFile(
            key='both', domain_a='a', domain_b='b', channel_order='rgb')(
                dict(both_path=path, both_bytes=Path(path).read_bytes()))
        assert np.array_equal(out['img_a'], noise(6, 8, 1)[..., ::-1])
        assert 'both_bytes' not in out

    def test_an_odd_width_is_no_pair(self, tmp_path):
        path = tmp_path / 'single.png'
        cv2.imwrite(str(path), noise(5, 7))
        with pytest.raises(
                ValueError, match='LoadPairedImageFromFile: .*single.png is 7 '
                'pixels wide, expected an even number.*Use LoadImageFromFile'):
            TRANSFORMS.build(LOAD)(dict(pair_path=str(path)))

    @pytest.mark.parametrize('settings, words', [
        (dict(domain_a='a'), "domain_a='a' and domain_b=None, expected two "
         "different names. Set them to the model's domains"),
        (dict(domain_a='a', domain_b='a'), "domain_b='a', expected two"),
        (dict(domain_a='a', domain_b='b', flag='colour'),
         "LoadPairedImageFromFile: flag='colour', expected one of"),
    ])
    def test_wrong_settings_are_refused(self, settings, words):
        with pytest.raises(ValueError, match=words):
            LoadPairedImageFromFile(**settings)

    def test_a_wrong_key_is_told_the_paths(self, path):
        with pytest.raises(KeyError, match='LoadPairedImageFromFile: no '
                           'pair_path in the results, they have img_path'):
            TRANSFORMS.build(LOAD)(dict(img_path=path))
