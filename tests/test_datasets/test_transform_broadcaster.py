"""One draw for several images."""
import pickle
import random

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform

from mmgen.datasets import SeededDataset, TransformBroadcaster
from mmgen.registry import TRANSFORMS

MAPPING = dict(img=['img_a', 'img_b'])
# The scope is for mmcv's transforms that contain them.
FLIP = dict(type='mmgen.Flip', keys=['img'])
FIXED_CROP = dict(type='mmgen.FixedCrop', crop_size=(8, 8))
# What draws, mmgen's transforms and mmcv's, alone and inside one another.
RANDOM_TRANSFORMS = {
    'crop': dict(type='Crop', keys=['img'], crop_size=(8, 8)),
    'square crop': dict(type='RandomCropLongEdge', keys=['img']),
    'fixed crop': FIXED_CROP,
    'flip': FLIP,
    'flip of mmcv': dict(type='mmcv.RandomFlip', prob=0.5),
    'resize, crop, flip': [
        dict(type='Resize', scale=(24, 24)), FIXED_CROP, FLIP],
    'the same one twice': [FIXED_CROP, dict(FIXED_CROP, crop_size=(4, 4))],
    'one of several': dict(
        type='RandomChoice',
        transforms=[[dict(FLIP, flip_ratio=1)], [dict(FLIP, flip_ratio=0)]]),
}


def image(height=20, width=30):
    return np.random.default_rng(0).integers(
        0, 256, (height, width, 3), np.uint8)


def broadcast(transforms, share=True):
    return TRANSFORMS.build(dict(
        type='TransformBroadcaster', mapping=MAPPING, auto_remap=True,
        share_random_params=share, transforms=transforms))


class Same(torch.utils.data.Dataset):
    """The same image twice, at each index."""

    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return self.transform(dict(img_a=image(), img_b=image()))


@pytest.mark.parametrize('name', RANDOM_TRANSFORMS)
def test_both_images_get_the_same_draws(name):
    data = SeededDataset(Same(broadcast(RANDOM_TRANSFORMS[name])), seed=1)
    seen = set()
    for position in range(30):
        out = data[(position, 0)]
        assert np.array_equal(out['img_a'], out['img_b'])
        seen.add(out['img_a'].tobytes())
    assert len(seen) > 1


@pytest.mark.parametrize('name', RANDOM_TRANSFORMS)
def test_unshared_draws_differ(name):
    """What the test above would find without sharing."""
    data = SeededDataset(
        Same(broadcast(RANDOM_TRANSFORMS[name], share=False)), seed=1)
    same = [np.array_equal(*(data[(position, 0)][key]
                             for key in ('img_a', 'img_b')))
            for position in range(30)]
    assert not all(same)


class Draw(BaseTransform):
    """Numbers from all three generators, as many as the image says."""

    def transform(self, results):
        results['img'] = [
            (random.random(), np.random.random(), float(torch.rand(1)))
            for _ in range(results['img'])]
        return results


def test_all_generators_are_shared_and_move_on():
    out = broadcast([Draw()])(dict(img_a=2, img_b=3))
    assert out['img_a'] == out['img_b'][:2]
    after = Draw()(dict(img=1))['img'][0]
    drawn = {number for numbers in out['img_b'] for number in numbers}
    assert len(drawn) == 9 and not drawn & set(after)


def test_draws_of_the_next_sample_are_new():
    transform = broadcast([Draw()])
    first, second = (transform(dict(img_a=1, img_b=1)) for _ in range(2))
    assert first['img_a'] != second['img_a']


def test_a_used_one_can_be_sent_to_another_process():
    transform = broadcast([FIXED_CROP, FLIP])
    Same(transform)[0]
    again = pickle.loads(pickle.dumps(transform))
    np.random.seed(0)
    expected = Same(transform)[0]
    np.random.seed(0)
    assert np.array_equal(Same(again)[0]['img_b'], expected['img_b'])


def test_other_entries_and_ignored_keys_stay_as_mmcv_has_them():
    transform = TransformBroadcaster(
        [dict(type='Resize', scale=(4, 4))],
        mapping=dict(img=['img_a', 'img_b'], img_shape=['shape', ...]),
        auto_remap=True)
    out = transform(dict(img_a=image(), img_b=image(), shape=0, other=1))
    assert out['shape'] == (4, 4) and out['other'] == 1
    assert set(out) == {'img_a', 'img_b', 'shape', 'other'}


def test_missing_images_are_named():
    with pytest.raises(KeyError, match='TransformBroadcaster: no img_b in the '
                       'results, they have img_a, img_c. Do the domains in '
                       'mapping agree'):
        broadcast([FLIP])(dict(img_a=image(), img_c=image()))
    lenient = TransformBroadcaster(
        [Draw()], dict(img=['img_a']), allow_nonexist_keys=True)
    assert len(lenient(dict(img_a=1))['img_a']) == 1
