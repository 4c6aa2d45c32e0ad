"""The steps of a pipeline, pixel by pixel."""
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmgen.datasets.image_bytes import BrokenImageError, is_truncated
from mmgen.datasets.transforms import (CenterCropLongEdge, Crop, FixedCrop,
                                       Flip, LoadImageFromFile, NumpyPad,
                                       PackGenInputs, RandomCropLongEdge,
                                       Resize)
from mmgen.registry import TRANSFORMS

FACTS = json.loads(
    (Path(__file__).parents[1] / 'data/transforms/published_pixels.json'
     ).read_text())


def noise_image(height=48, width=64):
    draw = np.random.Generator(np.random.PCG64(1))
    return draw.integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize('fact', FACTS, ids=lambda fact: fact['name'])
def test_pixels_are_those_of_mmgeneration_1(fact):
    # Recorded with MMGeneration 1.x; resizing may round differently.
    out = TRANSFORMS.build(fact['cfg'])(dict(img=noise_image()))['img']
    assert list(out.shape) == fact['shape']
    found = out.ravel()[::fact['stride']][:len(fact['values'])].astype(int)
    allowed = 1 if fact['cfg']['type'] == 'Resize' else 0
    assert np.abs(found - fact['values']).max() <= allowed


class TestLoadImageFromFile:

    @pytest.fixture
    def png(self, tmp_path):
        path = str(tmp_path / 'a.png')
        cv2.imwrite(path, noise_image())
        return path

    @pytest.mark.parametrize('backend', [None, 'cv2', 'pillow'])
    def test_pixels_arrive_in_the_order_asked_for(self, png, backend):
        bgr = LoadImageFromFile(key='img', backend=backend)(
            dict(img_path=png))
        rgb = LoadImageFromFile(
            key='img', backend=backend, channel_order='rgb')(
                dict(img_path=png))
        assert np.array_equal(bgr['img'], noise_image())
        assert np.array_equal(rgb['img'], noise_image()[..., ::-1])
        assert bgr['img_ori_shape'] == (48, 64, 3)

    def test_grey_has_no_channel_axis(self, png):
        out = LoadImageFromFile(key='img', flag='grayscale')(
            dict(img_path=png))
        assert out['img'].shape == (48, 64)

    def test_keys_name_the_path_and_the_copy(self, png):
        load = LoadImageFromFile(io_backend='disk', save_original_img=True)
        out = load(dict(gt_path=png))
        assert np.array_equal(out['gt'], out['ori_gt'])
        assert out['gt'] is not out['ori_gt']

    def test_bytes_of_an_archive_are_used_and_removed(self, png):
        content = Path(png).read_bytes()
        out = LoadImageFromFile(key='img')(
            dict(img_path='in/an/archive', img_bytes=content))
        assert np.array_equal(out['img'], noise_image())
        assert 'img_bytes' not in out

    def test_a_wrong_key_is_told_the_paths(self, png):
        with pytest.raises(KeyError, match='no gt_path.*they have img_path'):
            LoadImageFromFile()(dict(img_path=png))

    @pytest.mark.parametrize('setting, words', [
        (dict(channel_order='grb'), "channel_order='grb'"),
        (dict(backend='turbojpeg'), "backend='turbojpeg'"),
    ])
    def test_unknown_settings_are_refused(self, setting, words):
        with pytest.raises(ValueError, match=words):
            LoadImageFromFile(**setting)


class TestTruncatedImages:

    @pytest.mark.parametrize('extension', ['.jpg', '.png', '.webp'])
    @pytest.mark.parametrize('backend', ['cv2', 'pillow'])
    def test_every_cut_is_found(self, extension, backend, tmp_path):
        image = cv2.GaussianBlur(noise_image(16, 16), (0, 0), 1)
        content = cv2.imencode(extension, image)[1].tobytes()
        assert not is_truncated(content)
        assert all(is_truncated(content[:size])
                   for size in range(16, len(content) - 1))
        path = tmp_path / f'a{extension}'
        path.write_bytes(content[:len(content) * 3 // 4])
        with pytest.raises(BrokenImageError, match='truncated'):
            LoadImageFromFile(key='img', backend=backend)(
                dict(img_path=str(path)))

    def test_the_end_of_a_thumbnail_is_not_the_end_of_the_image(self):
        content = cv2.imencode('.jpg', noise_image(16, 16))[1].tobytes()
        thumbnail = b'Exif\0\0\xff\xd8\xff\xd9'
        segment = (b'\xff\xe1' + (len(thumbnail) + 2).to_bytes(2, 'big') +
                   thumbnail)
        whole = content[:2] + segment + content[2:]
        assert not is_truncated(whole)
        assert is_truncated(whole[:-20])


class TestFlip:

    def test_all_keys_are_flipped_together(self):
        flip = Flip(keys=['a', 'b'], flip_ratio=0.5)
        np.random.seed(0)
        seen = set()
        for _ in range(20):
            image = noise_image()
            out = flip(dict(a=image, b=image))
            assert np.array_equal(out['a'], out['b'])
            flipped = np.array_equal(out['a'], image[:, ::-1])
            assert flipped == out['flip']
            assert flipped or np.array_equal(out['a'], image)
            seen.add(flipped)
        assert seen == {True, False}

    def test_draws_come_from_numpys_global_generator(self):
        flip = Flip(keys=['img'], flip_ratio=0.3)
        np.random.seed(5)
        expected = [bool(np.random.random() < 0.3) for _ in range(10)]
        np.random.seed(5)
        found = [flip(dict(img=noise_image()))['flip'] for _ in range(10)]
        assert found == expected

    @pytest.mark.parametrize('setting, words', [
        (dict(direction='left'), "direction='left'"),
        (dict(flip_ratio=2), 'flip_ratio=2'),
    ])
    def test_unknown_settings_are_refused(self, setting, words):
        with pytest.raises(ValueError, match=words):
            Flip(keys=['img'], **setting)


class TestCrops:

    def test_a_random_window_is_a_part_of_the_image(self):
        image = noise_image()
        np.random.seed(1)
        out = Crop(keys=['img'], crop_size=(20, 30))(dict(img=image))['img']
        np.random.seed(1)
        top, left = np.random.randint(29), np.random.randint(35)
        assert np.array_equal(out, image[top:top + 20, left:left + 30])

    def test_each_corner_can_be_reached(self):
        image = np.arange(9, dtype=np.uint8).reshape(3, 3)
        np.random.seed(0)
        corners = {
            int(Crop(['img'], (2, 2))(dict(img=image))['img'][0, 0])
            for _ in range(100)
        }
        assert corners == {0, 1, 3, 4}

    def test_the_squares_are_as_large_as_the_shorter_side(self):
        tall = noise_image().transpose(1, 0, 2)
        middle = CenterCropLongEdge(keys=['img'])(dict(img=tall))['img']
        assert np.array_equal(middle, tall[8:56])
        np.random.seed(2)
        out = RandomCropLongEdge(keys=['img'])(dict(img=tall))['img']
        np.random.seed(2)
        top = np.random.randint(17)
        assert np.array_equal(out, tall[top:top + 48])

    def test_a_fixed_window_is_given_as_x_and_y(self):
        image = noise_image()
        out = FixedCrop((10, 20), crop_pos=(3, 4))(dict(img=image))
        assert np.array_equal(out['img'], image[4:14, 3:23])
        assert FixedCrop((48, 64))(dict(img=image))['img'].shape == image.shape

    @pytest.mark.parametrize('crop, words', [
        (Crop(['img'], (50, 10)), r'\(48, 64\) is smaller than crop_size'),
        (FixedCrop((10, 70)), r'is smaller than crop_size=\(10, 70\)'),
        (FixedCrop((10, 10), (60, 0)), r'at most \(x, y\) = \(54, 38\)'),
    ])
    def test_a_window_outside_the_image_is_refused(self, crop, words):
        with pytest.raises(ValueError, match=words):
            crop(dict(img=noise_image()))

    def test_images_of_different_sizes_have_no_common_window(self):
        with pytest.raises(ValueError, match='a, b have different sizes'):
            Crop(['a', 'b'], (8, 8))(
                dict(a=noise_image(), b=noise_image(20, 20)))


class TestResize:

    def test_a_list_from_the_command_line_is_a_pair(self):
        out = Resize(scale=[32, 24])(dict(img=noise_image()))['img']
        assert out.shape == (24, 32, 3)
        assert Resize(scale_factor=0.5)(
            dict(img=noise_image()))['img'].shape == (24, 32, 3)

    @pytest.mark.parametrize('setting, words', [
        (dict(), 'neither scale nor scale_factor'),
        (dict(scale=8, backend='gd'), "backend='gd'"),
        (dict(scale=8, interpolation='cubic'),
         "interpolation='cubic', with cv2 expected one of"),
        (dict(scale=8, backend='pillow', interpolation='area'),
         "interpolation='area', with pillow"),
    ])
    def test_unknown_settings_are_refused(self, setting, words):
        with pytest.raises(ValueError, match=words):
            Resize(**setting)


def test_padding_needs_a_pair_for_each_axis():
    with pytest.raises(ValueError, match='expected one pair per axis'):
        NumpyPad(((1, 1), (1, 1)))(dict(img=noise_image()))
    out = NumpyPad(((1, 0), (0, 2)))(dict(img=np.ones((2, 2), np.uint8)))
    assert out['img'].tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]


class TestPackGenInputs:

    def test_a_flipped_image_is_packed_channels_first(self):
        image = noise_image()
        out = PackGenInputs()(dict(img=image[:, ::-1]))
        packed = out['inputs']['img']
        assert packed.dtype == torch.uint8 and packed.is_contiguous()
        assert np.array_equal(packed.numpy(),
                              image[:, ::-1].transpose(2, 0, 1))

    def test_a_grey_image_gets_a_channel(self):
        out = PackGenInputs()(dict(img=noise_image()[..., 0]))
        assert out['inputs']['img'].shape == (1, 48, 64)

    def test_label_and_metainfo_go_into_the_data_sample(self):
        results = dict(img=noise_image(), gt_label=7, img_path='a', flip=True)
        sample = PackGenInputs(
            keys=['img'], meta_keys=['img_path', 'pair_path'])(
                dict(results))['data_samples']
        assert sample.gt_label.label.tolist() == [7]
        assert sample.metainfo == dict(img_path='a')
        sample = PackGenInputs()(dict(results, sample_idx=3))['data_samples']
        assert sample.metainfo == dict(img_path='a', sample_idx=3)
        sample = PackGenInputs(meta_keys=[])(dict(results))['data_samples']
        assert sample.metainfo == {}

    def test_pack_all_takes_every_input(self):
        out = PackGenInputs(pack_all=True)(
            dict(real=noise_image(), noise=np.ones(4), number=2, gt_label=1))
        assert set(out['inputs']) == {'real', 'noise', 'number'}
        assert out['inputs']['noise'].shape == (4, )
        assert out['inputs']['number'] == 2

    def test_a_missing_image_is_said(self):
        with pytest.raises(KeyError, match='no img in the results, they have'):
            PackGenInputs()(dict(gt=noise_image()))

    def test_the_name_in_published_configs_is_known(self):
        pack = TRANSFORMS.build(dict(type='PackClsInputs'))
        assert isinstance(pack, PackGenInputs)


def test_mmcvs_transforms_are_found_beside_these():
    flip = TRANSFORMS.build(
        dict(type='RandomFlip', prob=1.0, direction='horizontal'))
    out = PackGenInputs()(flip(dict(img=noise_image())))
    assert np.array_equal(out['inputs']['img'].numpy(),
                          noise_image()[:, ::-1].transpose(2, 0, 1))
