import pytest
import torch
from mmengine.dataset import DefaultSampler
from tiny_evaluation import TinyImages, loader

from mmgen.evaluation import samplers
from mmgen.evaluation.samplers import (FakeRequest, evenly_spaced,
                                       fake_batches, loader_batch_size,
                                       real_batches)

REQUEST = FakeRequest('orig', dict(truncation=0.7), seed=3)


def as_process(monkeypatch, rank, world_size):
    monkeypatch.setattr(samplers, 'get_dist_info', lambda: (rank, world_size))


@pytest.mark.parametrize('total', [1, 4, 10, 13, 16])
@pytest.mark.parametrize('world_size', [1, 2, 3, 5])
def test_processes_make_each_image_once(monkeypatch, total, world_size):
    places = []
    for rank in range(world_size):
        as_process(monkeypatch, rank, world_size)
        for batch in fake_batches(REQUEST, total, batch_size=4):
            assert batch.index % world_size == rank
            assert batch.size == batch.data['inputs']['num_batches'] <= 4
            places += range(batch.start, batch.start + batch.size)
    assert sorted(places) == list(range(total))


def doubled(inputs, index):
    return dict(inputs, doubled=2 * index)


def negated(inputs, index):
    return dict(inputs, negated=-index)


def test_variants_of_a_batch_follow_each_other(monkeypatch):
    request = FakeRequest('orig', {}, 0, variants=(doubled, negated))
    as_process(monkeypatch, 1, 2)
    batches = fake_batches(request, 14, batch_size=4)
    # The same index: the loop seeds with it, so both begin alike.
    assert [(batch.index, batch.variant, batch.start, batch.size)
            for batch in batches] == [
        (1, 0, 4, 4), (1, 1, 4, 4), (3, 0, 12, 2), (3, 1, 12, 2)]
    plain = dict(num_batches=2, sample_model='orig', sample_kwargs={})
    assert batches[2].data == dict(inputs=dict(plain, doubled=6))
    assert batches[3].data == dict(inputs=dict(plain, negated=-3))


def test_a_batch_says_what_is_wanted_of_the_model():
    batch = fake_batches(REQUEST, 3, 4)[0]
    assert batch.data == dict(inputs=dict(
        num_batches=3, sample_model='orig', sample_kwargs=dict(
            truncation=0.7)))


@pytest.mark.parametrize('total, expected', [
    (5, [0, 4, 8, 12, 16]), (2, [0, 10]), (21, list(range(21)))])
def test_a_part_is_spread_over_the_whole(total, expected):
    assert [evenly_spaced(place, total, 21)
            for place in range(total)] == expected


@pytest.mark.parametrize('total', [2, 8, 21])
@pytest.mark.parametrize('world_size, num_workers',
                         [(1, 0), (2, 0), (3, 0), (1, 2)])
def test_processes_read_each_sample_once_and_in_order(
        monkeypatch, total, world_size, num_workers):
    data = TinyImages(21)
    shuffled = DefaultSampler(data, shuffle=True, seed=0)
    seen = {}
    for rank in range(world_size):
        as_process(monkeypatch, rank, world_size)
        loading = loader(data, sampler=shuffled, num_workers=num_workers)
        for start, batch in real_batches(loading, total, 4, seed=0):
            for place, image in enumerate(batch['inputs']['img'], start):
                assert place not in seen
                seen[place] = image
    assert sorted(seen) == list(range(total))
    for place, image in seen.items():
        assert (image.numpy() == data.images[place * 21 // total]).all()


def test_requests_with_equal_settings_have_one_key():
    same = FakeRequest('orig', dict(truncation=0.7), 3)
    others = [FakeRequest('ema', dict(truncation=0.7), 3),
              FakeRequest('orig', dict(truncation=0.5), 3),
              FakeRequest('orig', dict(truncation=0.7), 4),
              FakeRequest('orig', dict(truncation=0.7), 3,
                          variants=(doubled, ))]
    assert same.key == REQUEST.key
    assert REQUEST.key not in [other.key for other in others]


def test_batch_size_of_loaders():
    data = TinyImages(5)
    assert loader_batch_size(loader(data, 3)) == 3
    batches = torch.utils.data.BatchSampler(range(5), 2, drop_last=False)
    assert loader_batch_size(
        torch.utils.data.DataLoader(data, batch_sampler=batches)) == 2
    with pytest.raises(ValueError, match='val_dataloader has no batch_size'):
        loader_batch_size(torch.utils.data.DataLoader(
            data, batch_sampler=[[0, 1], [2]]))
