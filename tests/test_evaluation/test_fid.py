import itertools
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_evaluation import TinyGAN, TinyImages, fid, loader, run
from tiny_features import TinyFeatures

from mmgen.evaluation import (FrechetInceptionDistance, GenEvaluator,
                              frechet, frechet_distance)
from mmgen.evaluation.features import FeatureStatistics, ImageBatch
from mmgen.evaluation.features.statistics import (join_statistics,
                                                  write_statistics)
from mmgen.models import GANDataPreprocessor
from mmgen.registry import METRICS


def rotation(size: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


SPECTRA = {
    'unit': lambda p: np.ones(p),
    'log3': lambda p: np.logspace(0, -3, p),
    'log8': lambda p: np.logspace(0, -8, p),
    'large': lambda p: np.logspace(8, 2, p),
    'small': lambda p: np.logspace(-8, -12, p),
    'half of the rank': lambda p: (np.arange(p) < (p + 1) // 2) * 1.,
    'rank nine': lambda p: (np.arange(p) < 9) * np.linspace(1, 3, p),
    'rank one': lambda p: (np.arange(p) < 1) * 5.,
    'a point': lambda p: np.zeros(p),
}


@pytest.mark.parametrize('a, b', list(itertools.product(SPECTRA, SPECTRA)))
def test_equals_the_closed_form_of_two_gaussians(a, b):
    """Covariances with common axes: the roots of the eigenvalues differ."""
    for size in (1, 2, 3, 16, 70):
        check_closed_form(SPECTRA[a](size), SPECTRA[b](size), size)


def check_closed_form(values_a, values_b, size):
    rng = np.random.default_rng(size)
    axes = rotation(size, size)
    values_b = rng.permutation(values_b)
    shift = rng.standard_normal(size)
    expected = shift @ shift + np.square(
        np.sqrt(values_a) - np.sqrt(values_b)).sum()
    result, mean, cov = frechet_distance(
        shift, (axes * values_a) @ axes.T,
        np.zeros(size), (axes * values_b) @ axes.T)
    scale = shift @ shift + values_a.sum() + values_b.sum()
    assert result == pytest.approx(expected, rel=0, abs=1e-10 * scale)
    assert mean == pytest.approx(shift @ shift)
    assert mean + cov == result


@pytest.mark.parametrize('spectrum', SPECTRA)
def test_equals_the_closed_form_of_an_optimal_transport(spectrum):
    """``B = T A T`` with T >= 0: then ``Tr sqrt(AB) = Tr(AT)``, any rank."""
    size = 40
    axes, other = rotation(size, 0), rotation(size, 1)
    a = (axes * SPECTRA[spectrum](size)) @ axes.T
    transport = (other * np.linspace(0.1, 2, size)) @ other.T
    b = transport @ a @ transport
    expected = np.trace(a) + np.trace(b) - 2 * np.trace(a @ transport)
    result = frechet_distance(np.zeros(size), a, np.zeros(size), b)[0]
    assert result == pytest.approx(
        expected, rel=0, abs=1e-10 * np.trace(a + b) + 1e-300)


def test_identical_sets_are_at_distance_zero():
    for rows in (500, 10):  # more and fewer than dimensions
        x = np.random.default_rng(0).standard_normal((rows, 32)) * 3
        mean, cov = x.mean(axis=0), np.cov(x, rowvar=False)
        result = frechet_distance(mean, cov, mean, cov)
        assert 0 <= result[0] < 1e-10 * np.trace(cov)


def test_recorded_numbers_of_random_features():
    """Values recorded from the 1.x formula (float32), N(0, 1) features."""
    def features(seed):
        rng = np.random.Generator(np.random.PCG64(seed))
        return rng.standard_normal((200, 16)).astype(np.float32)

    def gaussian(x):
        return x.mean(axis=0), np.cov(x, rowvar=False)

    a, b = features(1), features(2) * np.float32(1.3) + np.float32(0.2)
    assert frechet_distance(*gaussian(a), *gaussian(b)) == pytest.approx(
        (3.051877, 0.64667124, 2.4052057), rel=1e-5)
    assert frechet_distance(*gaussian(a[:10]), *gaussian(b)) == pytest.approx(
        (16.13494, 1.8340935, 14.300846), rel=1e-5)


@pytest.mark.parametrize('batches', [[1, 1, 5], [300, 300, 17], [257], [2]])
def test_streamed_statistics_equal_numpys(batches):
    x = np.random.default_rng(0).standard_normal((sum(batches), 12)) + 1e4
    statistics = FeatureStatistics(12)
    for part in np.split(x, np.cumsum(batches)[:-1]):
        statistics.update(torch.from_numpy(part))
    result = statistics.gather()
    assert result.count == len(x)
    np.testing.assert_allclose(result.mean, x.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(
        result.cov, np.cov(x, rowvar=False), atol=1e-9)


def test_features_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r'shape \[2, 3\], expected \[N, 4\]'):
        FeatureStatistics(4).update(torch.zeros(2, 3))


@pytest.mark.parametrize('name', ['FID', 'FrechetInceptionDistance',
                                  'FID-Full'])
def test_names_of_1x_build(name):
    metric = METRICS.build(dict(type=name, fake_nums=5e4))
    assert metric.fake_nums == 50000
    assert metric.result_keys() == ['FID/fid', 'FID/mean', 'FID/cov']
    assert metric.network.name == 'Inception-StyleGAN'


@pytest.mark.parametrize('setting, words', [
    (dict(fake_nums=1), 'fake_nums=1, expected a whole number of at least 2'),
    (dict(fake_nums=0.5), 'fake_nums=0.5, expected a whole number'),
    (dict(fake_nums=float('inf')), 'fake_nums=inf, expected a whole number'),
    (dict(fake_nums=True), 'fake_nums=True, expected a whole number'),
    (dict(real_nums=1), 'real_nums=1, expected a whole number of at least 2'),
    (dict(seed=-1), 'seed=-1, expected a whole number of at least 0'),
    (dict(sample_model='ema/orig'), "expected 'ema' or 'orig'"),
    (dict(collect_device='tpu'), "expected 'cpu' or 'gpu'"),
    (dict(feature=None, inception_style='TF'),
     "inception_style='TF', expected 'StyleGAN' or 'PyTorch'"),
    (dict(feature='Nothing'), "feature='Nothing' is not a registered"),
])
def test_refuses_with_the_right_words(setting, words):
    with pytest.raises(ValueError, match=words):
        METRICS.build(fid(**setting))


def test_other_features_are_never_called_fid():
    assert METRICS.build(fid()).prefix == 'FID-Tiny'
    assert METRICS.build(fid(prefix='FID-Tiny-5k')).prefix == 'FID-Tiny-5k'
    with pytest.raises(ValueError, match="starts with 'FID-Tiny'"):
        METRICS.build(fid(prefix='FID'))
    lite = FrechetInceptionDistance(1000, feature='EfficientNetLite0')
    assert lite.result_keys()[0] == 'FID-EffLite0/fid'
    with pytest.raises(ValueError, match="starts with 'FID-EffLite0'"):
        FrechetInceptionDistance(
            1000, feature='EfficientNetLite0', prefix='FID-Full-50k')


def test_few_images_are_warned_of_once(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'mmgen.evaluation.metrics.fid.print_log',
        lambda text, logger, level: lines.append((level, text)))
    metric = METRICS.build(fid(fake_nums=7))
    for _ in range(2):
        metric.start(torch.device('cpu'))
    (level, text), = lines
    assert level == logging.WARNING
    assert '7 fake features for statistics of size 8' in text


def test_nan_features_are_refused():
    metric = METRICS.build(fid())
    metric.start(torch.device('cpu'))
    bad = torch.zeros(4, 8)
    bad[1, 3] = float('nan')
    metric.network.__class__ = type(
        'Broken', (type(metric.network), ),
        dict(__call__=lambda self, images: bad))
    with pytest.raises(ValueError, match='1 of 4 feature vectors hold NaN'):
        metric.add(ImageBatch(torch.zeros(4, 3, 8, 8, dtype=torch.uint8)))


def test_too_few_images_from_the_model_are_noticed():
    metric = METRICS.build(fid())
    metric.start(torch.device('cpu'))
    metric.add(ImageBatch(torch.zeros(4, 3, 8, 8, dtype=torch.uint8)))
    with pytest.raises(RuntimeError, match='saw 4 generated images, expected '
                       'fake_nums=10'):
        metric.gather()


def test_prepared_statistics_of_another_network_are_refused(tmp_path):
    np.savez(tmp_path / 'real.npz', mu=np.zeros(5), sigma=np.eye(5))
    metric = METRICS.build(fid(inception_pkl=str(tmp_path / 'real.npz')))
    with pytest.raises(ValueError, match='statistics of 5 features, but Tiny '
                       'has 8'):
        metric.start(torch.device('cpu'))


def test_images_are_uint8_rgb():
    with pytest.raises(ValueError, match=r'float32 images of shape \[1, 1'):
        ImageBatch(torch.zeros(1, 1, 4, 4))


def gaussian(features):
    statistics = FeatureStatistics(features.shape[1])
    statistics.update(torch.as_tensor(features))
    return statistics.gather()


def test_joined_groups_are_the_statistics_of_all():
    x = np.random.default_rng(0).standard_normal((50, 6)) + 10
    joined = join_statistics([gaussian(x[:2]), gaussian(x[2:40]),
                              gaussian(x[40:])])
    whole = gaussian(x)
    assert joined.count == 50
    np.testing.assert_allclose(joined.mean, whole.mean)
    np.testing.assert_allclose(joined.cov, whole.cov, atol=1e-12)


class Rows:
    """Features of images without images."""

    def __init__(self, features, start=0):
        self.rows, self.start = torch.from_numpy(features), start

    def __len__(self):
        return len(self.rows)

    def features(self, network):
        return self.rows


def test_standard_error_is_how_far_the_distance_strays():
    """Against the deviation over many draws of generated images."""
    rng = np.random.default_rng(0)
    real = gaussian(rng.standard_normal((5000, 8)))
    values, errors = [], []
    for _ in range(60):
        metric = METRICS.build(fid(fake_nums=400, standard_error=True))
        metric.start(torch.device('cpu'))
        metric.add(Rows(rng.standard_normal((400, 8)) * 1.3 + 0.2))
        metric.gather()
        metric.reference = real
        values.append(metric.compute()['fid'])
        errors.append(metric.beside()['fid']['standard_error'])
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_standard_error_is_the_jackknife_by_hand():
    """Image i is in group i % 10, also where batches cut the groups."""
    rng = np.random.default_rng(0)
    rows, real = rng.standard_normal((37, 8)), rng.standard_normal((50, 8))
    metric = METRICS.build(fid(fake_nums=37, standard_error=True))
    metric.start(torch.device('cpu'))
    for start, stop in ((0, 3), (3, 11), (11, 29), (29, 37)):
        metric.add(Rows(rows[start:stop], start))
    metric.gather()
    metric.reference = gaussian(real)
    values = [frechet_distance(
        left.mean(axis=0), np.cov(left, rowvar=False), real.mean(axis=0),
        np.cov(real, rowvar=False))[0]
        for left in (rows[np.arange(37) % 10 != group]
                     for group in range(10))]
    expected = np.sqrt(9 / 10 * np.square(values - np.mean(values)).sum())
    assert metric.beside() == dict(fid=dict(
        standard_error=pytest.approx(expected)))


def test_error_and_floor_leave_the_distance_as_it_is():
    plain = run(GenEvaluator(fid(fake_nums=24, floor=False)))
    evaluator = GenEvaluator(fid(fake_nums=24, standard_error=True))
    more = run(evaluator)
    assert more == pytest.approx(plain, rel=1e-12)
    assert list(more) == ['FID-Tiny/fid', 'FID-Tiny/mean', 'FID-Tiny/cov']
    assert list(evaluator.beside) == ['FID-Tiny/fid']
    beside = evaluator.beside['FID-Tiny/fid']
    assert list(beside) == ['standard_error', 'floor']
    assert 0 < beside['standard_error'] < more['FID-Tiny/fid']


def floor_of(metric, data, model=None):
    evaluator = GenEvaluator(metric)
    run(evaluator, model, loader(data))
    return evaluator.beside.get('FID-Tiny/fid', {}).get('floor')


def test_floor_is_the_distance_of_every_second_real_image_to_the_rest():
    data = TinyImages(21)
    features = TinyFeatures()(torch.from_numpy(data.images))
    even, odd = gaussian(features[::2]), gaussian(features[1::2])
    expected = frechet_distance(even.mean, even.cov, odd.mean, odd.cov)[0]
    assert floor_of(fid(), data) == pytest.approx(expected)
    assert floor_of(fid(floor=True), data) == pytest.approx(expected)
    assert floor_of(fid(floor=False), data) is None


def test_floor_costs_no_image_and_one_root(monkeypatch):
    data, roots = TinyImages(21), []
    root = frechet.trace_of_root
    monkeypatch.setattr(frechet, 'trace_of_root',
                        lambda *covs: roots.append(1) or root(*covs))
    evaluator = GenEvaluator(fid())
    first = run(evaluator, loading=loader(data))
    # Three for the name in the cache, then each once.
    assert data.read[3:] == list(range(21))
    assert len(roots) == 2
    beside = evaluator.beside
    assert run(evaluator, loading=loader(data)) == first
    assert evaluator.beside == beside and len(roots) == 3
    data.read.clear()
    assert floor_of(fid(), data) == beside['FID-Tiny/fid']['floor']
    assert len(data.read) == 3 and len(roots) == 4


def test_floor_is_left_out_where_the_images_are_not_at_hand(tmp_path):
    path = tmp_path / 'real.npz'
    write_statistics(path, replace(gaussian(np.eye(9)[:, :8]), floor=1.0))
    assert floor_of(fid(inception_pkl=str(path)), TinyImages()) is None
    absent = fid(inception_pkl=str(tmp_path / 'nowhere.npz'))
    assert floor_of(absent, TinyImages()) > 0
    # Of three images one half is a single one.
    assert floor_of(fid(), TinyImages(3)) is None
    assert floor_of(fid(), TinyImages(4)) > 0


@pytest.mark.parametrize('setting, words', [
    (dict(floor=True, inception_pkl='real.npz'),
     "floor=True needs the real images, but inception_pkl='real.npz'"),
    (dict(floor=True, real_nums=3), 'real_nums=3, expected .* at least 4'),
    (dict(fake_nums=19, standard_error=True),
     'fake_nums with standard_error=True=19, expected .* at least 20'),
    (dict(resize='clean'), "resize='clean' together with feature"),
    (dict(feature=None, resize='area'), "resize='area', expected 'legacy'"),
])
def test_refuses_further_options_with_the_right_words(setting, words):
    with pytest.raises(ValueError, match=words):
        METRICS.build(fid(**setting))


def test_too_few_real_images_for_a_floor_are_refused():
    with pytest.raises(ValueError, match='has 3 images, expected at least 4'):
        GenEvaluator(fid(floor=True)).prepare(TinyGAN(),
                                              loader(TinyImages(3)))


@pytest.mark.parametrize('size', [0, 1])
def test_no_image_and_one_image_are_refused(size):
    with pytest.raises(ValueError, match=f'has {size} images, expected at '
                       'least 2'):
        GenEvaluator(fid()).prepare(TinyGAN(), loader(TinyImages(size)))
    with pytest.raises(ValueError, match='expected a whole number of at '
                       'least 2'):
        METRICS.build(fid(fake_nums=size))


def test_constant_features_give_the_distance_of_points():
    """All images alike on both sides: covariances of rank 0."""
    metric = METRICS.build(fid(fake_nums=6))
    metric.start(torch.device('cpu'))
    metric.add(Rows(np.full((6, 8), 3.)))
    metric.gather()
    metric.reference = gaussian(np.full((5, 8), 1.))
    assert metric.compute() == dict(fid=32, mean=32, cov=0)


def test_images_of_different_sizes_meet():
    """The network makes one size of them."""
    found = run(GenEvaluator(fid()), TinyGAN(side=12),
                loader(TinyImages(side=20)))
    assert np.isfinite(list(found.values())).all()


def test_grey_images_count_as_rgb():
    class Grey(TinyGAN):

        def __init__(self, channels):
            super().__init__()
            self.data_preprocessor = GANDataPreprocessor()
            self.channels = channels

        def test_step(self, data):
            samples = super().test_step(data)
            for sample in samples:
                grey = sample.fake_img.data[:1]
                sample.fake_img.data = grey.expand(self.channels, -1, -1)
            return samples

    numbers = []
    for channels in (1, 3):
        data = TinyImages(21)
        data.images = data.images[:, :1].repeat(channels, axis=1)
        numbers.append(run(GenEvaluator(fid()), Grey(channels), loader(data)))
    assert numbers[0] == pytest.approx(numbers[1])
    assert numbers[0]['FID-Tiny/fid'] > 0
