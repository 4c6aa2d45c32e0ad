"""Order, seeds and stacking of samples."""
import random
from itertools import islice

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.registry import FUNCTIONS
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmgen.datasets import (ImageDataset, ResumableSampler, SeededDataset,
                            stack_collate)
from mmgen.registry import DATA_SAMPLERS
from mmgen.utils.randomness import mix_seed


class Drawn(ImageDataset):
    """Samples that hold what the three global generators draw."""

    metainfo = dict(classes=('a', 'b'))

    def __init__(self, size=10, pipeline=()):
        super().__init__(pipeline)
        self.size = size

    @property
    def labels(self):
        return np.arange(self.size) % 2

    def __len__(self):
        return self.size

    def read(self, index):
        return dict(inputs=dict(img=torch.tensor([
            index, random.random(), np.random.random(), torch.rand(()).item()
        ], dtype=torch.float64)), data_samples=index)


def stream(sampler, count):
    return list(islice(sampler, count))


class TestResumableSampler:

    @pytest.mark.parametrize('size, world_size', [(10, 1), (10, 3), (7, 2),
                                                  (12, 4), (2, 5), (1, 2)])
    @pytest.mark.parametrize('shuffle', [True, False])
    def test_it_is_the_plain_definition(self, size, world_size, shuffle):
        """One list of all epochs, dealt out to the ranks."""
        joint = []
        for epoch in range(40):
            if shuffle:
                generator = torch.Generator().manual_seed(mix_seed(3, epoch))
                joint += torch.randperm(size, generator=generator).tolist()
            else:
                joint += range(size)
        joint = list(enumerate(joint))
        for rank in range(world_size):
            sampler = ResumableSampler(
                range(size), 3, rank, world_size, shuffle=shuffle)
            own = joint[rank::world_size]
            count = min(35, len(own))
            assert stream(sampler, count) == own[:count]
            for start in (1, 4, size, count - 1):
                sampler.start_at(start)
                rest = len(own) - start
                assert stream(sampler, rest) == own[start:]
                assert stream(sampler, rest) == own[start:]  # each iter()

    def test_each_epoch_has_each_sample_once_over_all_ranks(self):
        streams = [stream(ResumableSampler(range(11), 0, rank, 3), 110 // 3)
                   for rank in range(3)]
        joint = [index for _, index in sorted(
            pair for pairs in streams for pair in pairs)]
        for epoch in range(9):
            assert sorted(joint[epoch * 11:(epoch + 1) * 11]) == list(range(11))
        assert joint[:11] != joint[11:22]

    def test_the_seed_decides_the_order(self):
        orders = [stream(ResumableSampler(range(50), seed, 0, 1), 50)
                  for seed in (0, 0, 1)]
        assert orders[0] == orders[1] != orders[2]

    def test_a_far_position_is_reached_at_once(self):
        sampler = ResumableSampler(range(1000), 0, 1, 4)
        sampler.start_at(10**12)
        assert next(iter(sampler))[0] == 4 * 10**12 + 1

    def test_it_is_built_by_name_as_the_runner_does(self):
        sampler = DATA_SAMPLERS.build(
            dict(type='ResumableSampler', shuffle=False),
            default_args=dict(dataset=range(5), seed=None))
        assert stream(sampler, 3) == [(0, 0), (1, 1), (2, 2)]
        assert len(sampler) == 5

    def test_nonsense_is_refused(self):
        with pytest.raises(ValueError, match='the dataset is empty'):
            ResumableSampler([], 0)
        with pytest.raises(ValueError, match=r'start_at\(-1\)'):
            ResumableSampler([1], 0).start_at(-1)


class TestSeededDataset:

    def loaded(self, num_workers, start=0, batches=6, seed=1):
        dataset = Drawn()
        sampler = ResumableSampler(dataset, seed, 0, 1)
        sampler.start_at(start)
        loader = DataLoader(
            SeededDataset(dataset, seed),
            batch_size=4,
            sampler=sampler,
            num_workers=num_workers,
            collate_fn=stack_collate)
        batches = islice(loader, batches)
        return torch.cat([batch['inputs']['img'] for batch in batches])

    def test_draws_depend_on_the_position_alone(self):
        expected = self.loaded(num_workers=0)
        assert torch.equal(self.loaded(num_workers=2), expected)
        assert torch.equal(
            self.loaded(num_workers=2, start=8, batches=4), expected[8:])
        assert torch.equal(
            self.loaded(num_workers=0, start=12, batches=3), expected[12:])

    def test_each_position_and_seed_draws_anew(self):
        draws = self.loaded(num_workers=0)[:, 1:]
        assert len(draws.unique()) == draws.numel()
        other = self.loaded(num_workers=0, seed=2)[:, 1:]
        assert not set(draws.flatten().tolist()) & set(
            other.flatten().tolist())

    def test_one_position_is_one_sample_whoever_asks(self):
        data = SeededDataset(Drawn(), 5)
        one = data[(7, 3)]['inputs']['img']
        many = data.__getitems__([(6, 3), (7, 3)])
        assert torch.equal(many[1]['inputs']['img'], one)
        assert not torch.equal(many[0]['inputs']['img'], one)

    def test_the_main_process_finds_its_random_state_again(self):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        expected = random.random(), np.random.random(), torch.rand(3).tolist()
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        SeededDataset(Drawn(), 0)[(0, 0)]
        assert (random.random(), np.random.random(),
                torch.rand(3).tolist()) == expected

    def test_it_says_what_the_dataset_says(self):
        data = SeededDataset(Drawn(), 0)
        assert len(data) == 10
        assert data.metainfo == dict(classes=('a', 'b'))
        assert data.labels.tolist() == [0, 1] * 5
        assert SeededDataset([1], 0).labels is None


class TestStackCollate:

    def batch(self, *images):
        return [dict(inputs=dict(img=image, name='a'), data_samples=i)
                for i, image in enumerate(images)]

    def test_equal_images_become_one_tensor(self):
        images = [torch.full((3, 4, 5), i, dtype=torch.uint8)
                  for i in range(3)]
        out = stack_collate(self.batch(*images))
        assert out['inputs']['img'].dtype == torch.uint8
        assert torch.equal(out['inputs']['img'], torch.stack(images))
        assert out['inputs']['name'] == ['a', 'a', 'a']
        assert out['data_samples'] == [0, 1, 2]

    @pytest.mark.parametrize('other', [
        torch.zeros(3, 4, 6, dtype=torch.uint8), torch.zeros(3, 4, 5), None
    ])
    def test_unequal_images_stay_a_list(self, other):
        image = torch.zeros(3, 4, 5, dtype=torch.uint8)
        out = stack_collate(self.batch(image, other))['inputs']['img']
        assert isinstance(out, list) and out[1] is other

    def test_inputs_may_be_tensors(self):
        out = stack_collate([dict(inputs=torch.ones(2))] * 3)
        assert out['inputs'].shape == (3, 2)

    def test_a_worker_stacks_into_shared_memory(self):
        loader = DataLoader(
            Drawn(), batch_size=5, num_workers=1, collate_fn=stack_collate)
        assert all(batch['inputs']['img'].is_shared() for batch in loader)

    def test_it_is_found_by_name(self):
        assert FUNCTIONS.get('stack_collate') is stack_collate


@pytest.mark.parametrize('sampler', ['DefaultSampler', 'InfiniteSampler'])
@pytest.mark.parametrize('collate', ['pseudo_collate', 'stack_collate'])
def test_mmengines_loader_takes_the_bare_dataset(sampler, collate):
    loader = Runner.build_dataloader(
        dict(
            dataset=Drawn(),
            batch_size=5,
            num_workers=0,
            sampler=dict(type=sampler, shuffle=False),
            collate_fn=dict(type=collate)),
        seed=0)
    assert isinstance(loader.sampler, (DefaultSampler, InfiniteSampler))
    batch = next(iter(loader))
    found = [int(image[0]) for image in batch['inputs']['img']]
    assert found == [0, 1, 2, 3, 4]
    assert batch['data_samples'] == [0, 1, 2, 3, 4]
