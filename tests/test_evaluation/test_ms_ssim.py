import numpy as np
import pytest
import torch
from recorded_numbers import RecordedNumbers

from mmgen.evaluation import MultiScaleStructureSimilarity
from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.metrics.ms_ssim import gaussian_window, ms_ssim, ssim
from mmgen.registry import METRICS

CPU = torch.device('cpu')


@pytest.fixture(scope='module')
def recorded():
    return RecordedNumbers('metrics')


@pytest.fixture(scope='module')
def pair():
    """The recorded images, and the same disturbed, ``[3, 3, 192, 192]``."""
    def draw(seed):
        return np.random.Generator(np.random.PCG64(seed))

    a = (draw(8).random((3, 192, 192, 3)) * 255).astype(np.uint8)
    b = (a.astype(int) + draw(9).integers(-40, 40, a.shape)).clip(0, 255)
    return [torch.from_numpy(item).double().permute(0, 3, 1, 2)
            for item in (a, b)]


@pytest.mark.parametrize('size, sigma', [(11, 1.5), (8, 1.)])
def test_recorded_windows(recorded, size, sigma):
    row = gaussian_window(size, sigma)
    recorded.check(f'gauss_{size}', torch.outer(row, row))


def test_recorded_similarity_at_one_scale(recorded, pair):
    full, contrast = ssim(*pair)
    recorded.check('ssim', full)
    recorded.check('cs', contrast)


def test_recorded_similarity_at_many_scales(recorded, pair):
    found = ms_ssim(*pair)
    recorded.check('ms_ssim', found)
    recorded.check('ms_ssim_mean', found.mean())


def measure(images, batch_size):
    metric = MultiScaleStructureSimilarity(len(images))
    metric.start(CPU)
    for start in range(0, len(images), batch_size):
        metric.add(ImageBatch(images[start:start + batch_size], start))
    metric.gather()
    return metric.compute()['avg']


@pytest.mark.parametrize('batch_size', [1, 2, 3, 4])
def test_recorded_metric_whatever_the_batches(recorded, batch_size):
    images = ((recorded.input('ms_img') + 1) / 2 * 255).to(torch.uint8)
    # recorded rounded to four decimals
    assert measure(images, batch_size) == pytest.approx(
        float(recorded.expected['ms_ssim_metric'][0]), abs=5.1e-5)


def test_an_image_is_like_itself():
    image = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    assert measure(image.repeat(2, 1, 1, 1), 2) == pytest.approx(1)


def test_flat_images_by_hand():
    """No contrast anywhere: what is left is the luminance at the last scale,
    (2 ab + C1) / (a^2 + b^2 + C1), to the power of its weight."""
    a, b = torch.full((1, 3, 16, 16), 100.), torch.full((1, 3, 16, 16), 50.)
    c1 = (0.01 * 255)**2
    luminance = (2 * 5000 + c1) / (100**2 + 50**2 + c1)
    assert float(ms_ssim(a, b)) == pytest.approx(luminance**0.1333)


def test_opposite_images_count_as_zero():
    a = torch.randint(0, 256, (1, 3, 64, 64)).double()
    assert float(ms_ssim(a, 255 - a)) == 0


def test_grey_images_give_the_number_of_one_channel():
    a, b = torch.randint(0, 256, (2, 1, 1, 48, 40)).double()
    torch.testing.assert_close(
        ms_ssim(a.expand(1, 3, 48, 40), b.expand(1, 3, 48, 40)),
        ms_ssim(a, b))


@pytest.mark.parametrize('a, b', [((1, 3, 15, 40), (1, 3, 15, 40)),
                                  ((1, 3, 32, 32), (1, 3, 32, 64))])
def test_small_and_unequal_images_are_refused(a, b):
    with pytest.raises(ValueError, match='expected equal sizes of at least '
                       '16x16 pixels'):
        ms_ssim(torch.zeros(a), torch.zeros(b))


@pytest.mark.parametrize('name', ['MS_SSIM', 'MultiScaleStructureSimilarity'])
def test_names_of_1x_build(name):
    metric = METRICS.build(dict(type=name, fake_nums=1e4))
    assert metric.result_keys() == ['MS-SSIM/avg']
    assert metric.fake_request.sample_model == 'ema'


@pytest.mark.parametrize('count, words', [
    (3, 'fake_nums=3, expected an even number'),
    (0, 'fake_nums=0, expected a whole number of at least 2'),
    (1, 'fake_nums=1, expected a whole number of at least 2')])
def test_refuses_with_the_right_words(count, words):
    with pytest.raises(ValueError, match=words):
        MultiScaleStructureSimilarity(count)


def test_too_few_images_from_the_model_are_noticed():
    metric = MultiScaleStructureSimilarity(6)
    metric.start(CPU)
    metric.add(ImageBatch(torch.zeros(3, 3, 16, 16, dtype=torch.uint8)))
    with pytest.raises(RuntimeError, match='saw 1 pairs of generated images, '
                       r'expected 3 \(fake_nums=6\)'):
        metric.gather()


def test_images_beyond_fake_nums_are_left_out():
    images = torch.randint(0, 256, (5, 3, 16, 16), dtype=torch.uint8)
    metric = MultiScaleStructureSimilarity(2)
    metric.start(CPU)
    metric.add(ImageBatch(images))
    metric.gather()
    assert metric.compute()['avg'] == pytest.approx(
        float(ms_ssim(images[:1], images[1:2])))
