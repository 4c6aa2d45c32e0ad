"""Images of two domains: which of B comes with which of A."""
from itertools import islice

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmgen.datasets import (ResumableSampler, SeededDataset,
                            UnpairedImageDataset, stack_collate)
from mmgen.registry import DATASETS

PIPELINE = [
    dict(type='LoadImageFromFile', key='img_horse'),
    dict(type='LoadImageFromFile', key='img_zebra'),
    dict(type='Flip', keys=['img_horse']),
    dict(type='Flip', keys=['img_zebra']),
    dict(type='PackGenInputs', keys=['img_horse', 'img_zebra'],
         meta_keys=['img_horse_path', 'img_zebra_path', 'sample_idx'])
]


@pytest.fixture
def root(tmp_path):
    """Images of which one pixel says the number: A from 0, B from 100 on."""
    for folder, count, first in (('trainA', 5, 0), ('trainB', 7, 100),
                                 ('testA', 3, 0), ('testB', 2, 100)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            image = np.zeros((2, 2, 3), np.uint8)
            image[0, 0] = first + index
            cv2.imwrite(str(tmp_path / folder / f'{index}.png'), image)
    return tmp_path


def build(root, **settings):
    return DATASETS.build(dict(
        type='UnpairedImageDataset', data_root=str(root), pipeline=PIPELINE,
        domain_a='horse', domain_b='zebra', **settings))


def numbers(sample):
    return tuple(int(sample['inputs'][key].max())
                 for key in ('img_horse', 'img_zebra'))


def loaded(root, num_workers, start=0, batches=7, seed=3):
    """Batches as training reads them, each image with its flip."""
    dataset = build(root)
    sampler = ResumableSampler(dataset, seed, 0, 1)
    sampler.start_at(start)
    loader = DataLoader(
        SeededDataset(dataset, seed), batch_size=3, sampler=sampler,
        num_workers=num_workers, collate_fn=stack_collate)
    inputs = [batch['inputs'] for batch in islice(loader, batches)]
    return torch.cat([
        torch.cat([each['img_horse'], each['img_zebra']], dim=1)
        for each in inputs])


def test_training_draws_b_and_takes_a_in_order(root):
    data = build(root)
    assert len(data) == 7
    np.random.seed(0)
    pairs = [numbers(data[index]) for _ in range(60) for index in range(7)]
    assert [a for a, _ in pairs[:7]] == [0, 1, 2, 3, 4, 0, 1]
    for index in range(7):
        counts = np.bincount([b - 100 for _, b in pairs[index::7]],
                             minlength=7)
        assert counts.shape == (7,) and counts.min() > 0


def test_testing_takes_both_in_order(root):
    data = build(root, test_mode=True)
    assert [numbers(data[i]) for i in range(len(data))] == [
        (0, 100), (1, 101), (2, 100)]
    info = data[2]['data_samples']
    assert info.img_horse_path == str(root / 'testA' / '2.png')
    assert info.img_zebra_path == str(root / 'testB' / '0.png')
    assert info.sample_idx == 2


def test_draws_depend_on_the_position_alone(root):
    expected = loaded(root, num_workers=0)
    assert torch.equal(loaded(root, num_workers=2), expected)
    for num_workers in (0, 2):
        assert torch.equal(
            loaded(root, num_workers, start=6, batches=5), expected[6:])
    assert not torch.equal(loaded(root, num_workers=0, seed=4), expected)


def test_the_second_epoch_has_other_partners(root):
    numbers = loaded(root, 0).flatten(2).amax(dim=2)[:, [0, 3]].tolist()
    assert sorted(a for a, _ in numbers[:7]) == sorted(
        a for a, _ in numbers[7:14])
    assert set(map(tuple, numbers[:7])) != set(map(tuple, numbers[7:14]))


@pytest.mark.parametrize('folder', ['trainA', 'trainB'])
def test_a_broken_image_of_either_domain_counts_once(root, folder, caplog):
    """Which sample takes the place does not depend on what was met before."""
    (root / folder / '3.png').write_bytes(b'')
    data = build(root)
    seen = []
    for index in [*range(7), *range(7)]:
        np.random.seed(index)
        seen.append(numbers(data[index]))
    assert seen[:7] == seen[7:]
    number = 3 if folder == 'trainA' else 103
    assert not any(number in pair for pair in seen)
    # All of the other images come still.
    for seed in range(20):
        np.random.seed(seed)
        seen += [numbers(data[index]) for index in range(7)]
    assert len({b for _, b in seen}) == (7 if folder == 'trainA' else 6)
    assert len({a for a, _ in seen}) == (4 if folder == 'trainA' else 5)


def test_many_broken_images_are_named(root):
    for name in ('1.png', '2.png'):
        (root / 'trainB' / name).write_bytes(b'')
    data = build(root)
    with pytest.raises(RuntimeError, match='2 broken images among .*allows 1'
                       r'.*(\n.*trainB/[12].png: the file is empty){2}'):
        for _ in range(100):
            data[0]


def test_the_published_pipeline_resizes_both(root):
    resize = dict(
        type='TransformBroadcaster',
        mapping=dict(img=['img_horse', 'img_zebra']),
        auto_remap=True,
        share_random_params=True,
        transforms=dict(type='Resize', scale=(6, 6), interpolation='bicubic'))
    crop = dict(type='Crop', keys=['img_horse', 'img_zebra'], crop_size=(4, 4),
                random_crop=True)
    data = UnpairedImageDataset(
        str(root), [*PIPELINE[:2], resize, crop, *PIPELINE[2:]],
        domain_a='horse', domain_b='zebra')
    inputs = data[0]['inputs']
    assert inputs['img_horse'].shape == inputs['img_zebra'].shape == (3, 4, 4)


def test_what_is_missing_is_named(root):
    (root / 'trainB').rename(root / 'trainb')
    with pytest.raises(FileNotFoundError, match='UnpairedImageDataset: no such '
                       'folder of images: .*/trainB'):
        build(root)
    with pytest.raises(ValueError, match='data_root is None. Set data_root of '
                       'each dataloader to the folder that has trainA and'):
        UnpairedImageDataset(None, [], domain_a='a', domain_b='b')


@pytest.mark.parametrize('domains', [{}, dict(domain_a='x', domain_b='x'),
                                     dict(domain_b='x')])
def test_domains_have_names_of_their_own(root, domains):
    with pytest.raises(ValueError, match='domain_a=.* expected two different '
                       "names. Set them to the model's domains"):
        UnpairedImageDataset(str(root), [], **domains)
