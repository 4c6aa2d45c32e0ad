import numpy as np
import pytest
import torch
from recorded_numbers import RecordedNumbers
from tiny_evaluation import TinyImages, TinyPreprocessor, loader
from torch import nn

from mmgen.evaluation import GenEvaluator, SlicedWassersteinDistance
from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.metrics import swd
from mmgen.evaluation.metrics.swd import (LaplacianPatches, blur,
                                          laplacian_pyramid, normalise,
                                          patches_at, random_directions,
                                          sliced_wasserstein,
                                          unequal_wasserstein)
from mmgen.registry import METRICS

CPU = torch.device('cpu')


@pytest.fixture(scope='module')
def recorded():
    return RecordedNumbers('metrics')


def test_recorded_filter(recorded):
    """A single bright pixel shows the filter."""
    pixel = torch.zeros(1, 1, 5, 5)
    pixel[0, 0, 2, 2] = 1
    recorded.check('gaussian_kernel', blur(pixel))


def test_recorded_pyramid(recorded):
    levels = laplacian_pyramid(recorded.input('img'), 3)
    for level, found in enumerate(levels):
        recorded.check(f'laplacian_{level}', found)


def test_recorded_patches(recorded):
    draw = np.random.RandomState(0)
    columns, rows = (torch.from_numpy(draw.randint(3, 61, 64)).view(4, 16)
                     for _ in range(2))
    recorded.check('descriptors',
                   patches_at(recorded.input('img'), columns, rows))


def test_recorded_normalisation_and_distance(recorded):
    a = normalise(recorded.input('desc_a'))
    b = normalise(recorded.input('desc_b') * 1.5) + 0.3
    recorded.check('finalize', a)
    directions = torch.stack([
        torch.from_numpy(np.random.Generator(np.random.PCG64(50 + index))
                         .standard_normal((147, 128)).astype('f4'))
        for index in range(4)])
    directions /= directions.norm(dim=1, keepdim=True)
    recorded.check('swd', torch.tensor(sliced_wasserstein(a, b, directions)))


def test_distance_by_hand():
    """Points on two axes: sorted, the pairs are 1 and 2, then 2 and 0
    apart."""
    a = torch.tensor([[0., 5.], [3., 1.]])
    b = torch.tensor([[5., 3.], [1., 1.]])
    axes = torch.eye(2).view(1, 2, 2)
    assert sliced_wasserstein(a, b, axes) == (1 + 2 + 2 + 0) / 4
    assert sliced_wasserstein(a, a.flip(0), axes) == 0


def test_directions_have_length_one_and_are_always_the_same():
    found = random_directions()
    assert found.shape == (4, 147, 128)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(4, 128))
    assert torch.equal(found, random_directions())


def test_a_constant_channel_becomes_zero():
    patches = torch.randn(5, 3, 7, 7)
    patches[:, 1] = 4.
    found = normalise(patches).view(5, 3, 49)
    assert (found[:, 1] == 0).all()
    assert found[:, 0].std() == pytest.approx(1)


def images(count, side=32, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8,
                         generator=rng)


def test_patches_depend_on_the_image_alone():
    network = LaplacianPatches((3, 32, 32))
    batch = images(5)
    whole = network(batch)
    assert whole.shape == (5, network.dim) == (5, 2 * 128 * 147)
    torch.testing.assert_close(network(batch[3:4])[0], whole[3])
    assert not torch.equal(whole[0], whole[1])
    # The last level holds the blurred image's pixels.
    smallest = blur(batch[:1].float())[:, :, ::2, ::2]
    last = whole[0, 128 * 147:].view(128, 3, 7, 7)
    windows = nn.functional.unfold(smallest, 7)[0].T.view(-1, 3, 7, 7)
    equal = last.transpose(2, 3)[:, None] == windows[None]
    assert equal.all(dim=(2, 3, 4)).any(dim=1).all()


def measure(fake, real, shape=(3, 32, 32)):
    metric = SlicedWassersteinDistance(len(fake), shape)
    metric.start(CPU)
    for start in range(0, len(fake), 4):
        metric.add(ImageBatch(fake[start:start + 4], start))
    metric.gather()
    other = SlicedWassersteinDistance(len(real), shape)
    other.start(CPU)
    other.add(ImageBatch(real))
    other.gather()
    metric.reference = other._fake
    return metric.compute()


def swd_of(fake, real, side=16, **settings):
    """The metric after it saw these images."""
    metric = SlicedWassersteinDistance(len(fake), (3, side, side), **settings)
    metric.start(CPU)
    metric.add(ImageBatch(fake))
    metric.gather()
    other = SlicedWassersteinDistance(len(real), (3, side, side))
    other.start(CPU)
    other.add(ImageBatch(real))
    other.gather()
    metric.reference = other._fake
    return metric


def test_sets_of_unequal_size_by_hand():
    """1 stands for 0 and 2, 5 for 4 and 6."""
    found = unequal_wasserstein(torch.tensor([[1., 5.]]),
                                torch.tensor([[0., 2., 4., 6.]]))
    assert found == (abs(1 - 2) + abs(5 - 6)) / 2
    same = torch.rand(3, 7)
    assert unequal_wasserstein(same, same) == 0


@pytest.fixture
def few_directions(monkeypatch):
    monkeypatch.setattr(swd, 'DIRECTION_SETS', 2)
    monkeypatch.setattr(swd, 'DIRECTIONS_PER_SET', 4)


def test_standard_error_is_the_jackknife_over_images(few_directions):
    fake, real = images(20, side=32), blur(images(20, 32, 1).float()).byte()
    metric = swd_of(fake, real, 32, standard_error=True)
    metric.compute()
    beside = metric.beside()
    assert list(beside) == ['32', '16', 'avg']
    left_out = []
    for group in range(10):
        left = torch.arange(20) % 10 != group
        patches = [metric._level(rows, 0) for rows in (
            metric._fake.rows[left], metric.reference.rows)]
        sums = 0
        for part in random_directions():
            a, b = (np.sort((x @ part).numpy(), axis=0) for x in patches)
            place = ((np.arange(len(a)) + 0.5) * len(b) / len(a)).astype(int)
            sums += np.abs(a - b[place]).mean()
        left_out.append(1000 * sums / 2)
    assert beside['32']['standard_error'] == pytest.approx(
        3 * np.std(left_out), rel=1e-4)
    assert swd_of(fake, real, 32).beside() == {}


def test_standard_error_is_how_far_the_distance_strays(few_directions):
    real = blur(images(30, 16, 99).float()).byte()
    found = []
    for seed in range(40):
        metric = swd_of(images(30, 16, seed), real, standard_error=True)
        found.append((metric.compute()['avg'],
                      metric.beside()['avg']['standard_error']))
    values, errors = np.array(found).T
    assert errors.mean() == pytest.approx(values.std(), rel=0.3)


def test_images_against_themselves_are_at_distance_zero():
    found = measure(images(6), images(6).flip(0))
    assert list(found) == ['32', '16', 'avg']
    assert max(found.values()) < 1e-3


def test_blurred_images_differ_in_the_fine_level():
    """Patches are normalised, so what differs is the form, not the size."""
    sharp = images(16)
    blurred = blur(blur(sharp.float())).round().to(torch.uint8)
    noise = measure(sharp, images(16, seed=1))
    found = measure(sharp, blurred)
    assert found['32'] > 3 * noise['32']
    assert found['avg'] == pytest.approx((found['32'] + found['16']) / 2)


def test_grey_and_flat_images_have_a_number():
    grey = images(4)[:, :1].expand(-1, 3, -1, -1)
    flat = torch.full((4, 3, 32, 32), 200, dtype=torch.uint8)
    assert max(measure(grey, grey).values()) < 1e-3
    # Zeros inside, but not at the border of the pyramid's filter.
    assert np.isfinite(list(measure(grey, flat).values())).all()


@pytest.mark.parametrize('name', ['SWD', 'SlicedWassersteinDistance'])
def test_names_of_1x_build(name):
    metric = METRICS.build(dict(
        type=name, fake_nums=16384, image_shape=(3, 128, 128)))
    assert metric.result_keys() == ['SWD/128', 'SWD/64', 'SWD/32', 'SWD/16',
                                    'SWD/avg']
    assert metric.fake_request.sample_model == 'ema'


def test_large_images_have_the_four_levels_of_the_published_table():
    metric = SlicedWassersteinDistance(16384, (3, 1024, 1024))
    assert metric.result_names == ('1024', '512', '256', '128', 'avg')


@pytest.mark.parametrize('setting, words', [
    (dict(image_shape=(1, 32, 32)), r'image_shape=\(1, 32, 32\), expected '
     r'\(3, H, W\)'),
    (dict(image_shape=(3, 8, 8)), 'sides of at least 16 pixels'),
    (dict(image_shape=(3, 70, 70)), 'can be halved 2 times'),
    (dict(fake_nums=19, standard_error=True),
     'fake_nums with standard_error=True=19, expected .* at least 20'),
    (dict(fake_nums=1), 'fake_nums=1, expected a whole number of at least 2'),
])
def test_refuses_with_the_right_words(setting, words):
    with pytest.raises(ValueError, match=words):
        SlicedWassersteinDistance(**dict(dict(
            fake_nums=4, image_shape=(3, 32, 32)), **setting))


def test_images_of_another_size_are_refused():
    metric = SlicedWassersteinDistance(4, (3, 32, 32))
    metric.start(CPU)
    with pytest.raises(ValueError, match=r'images of shape \[3, 16, 16\], '
                       r'expected image_shape=\[3, 32, 32\]'):
        metric.add(ImageBatch(images(4, side=16)))


def test_sets_of_unequal_size_are_refused():
    with pytest.raises(ValueError, match=r'sets of \[2, 3\] and \[4, 3\]'):
        sliced_wasserstein(torch.zeros(2, 3), torch.zeros(4, 3),
                           torch.zeros(1, 3, 1))


class Model(nn.Linear):
    """Only the ways in and out of a model."""

    with_ema_gen = True

    def __init__(self):
        super().__init__(1, 1)
        self.data_preprocessor = TinyPreprocessor()


def test_too_few_real_images_are_refused():
    evaluator = GenEvaluator(SlicedWassersteinDistance(8, (3, 16, 16)))
    with pytest.raises(ValueError, match='real_nums=8, but the dataset of the '
                       'val_dataloader has 5 images'):
        evaluator.prepare(Model(), loader(TinyImages(5, side=16)))


def test_identity_says_what_was_compared(cache):
    metric = SlicedWassersteinDistance(5, (3, 16, 16))
    GenEvaluator(metric).prepare(Model(), loader(TinyImages(5, side=16)))
    identity = metric.identity()
    assert identity['reference']['images'] == 5
    assert identity['features']['levels'] == [16]
    assert not list(cache.rglob('*.npz'))  # too large to keep
