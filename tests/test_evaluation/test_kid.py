import itertools

import numpy as np
import pytest
import torch
from tiny_evaluation import (TinyClasses, TinyGAN, TinyImages, fid, loader,
                             run)
from tiny_features import TinyFeatures

from mmgen.evaluation import GenEvaluator, KernelInceptionDistance
from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.features.table import FeatureTable
from mmgen.evaluation.metrics import kid
from mmgen.evaluation.metrics.kid import kernel_distance, kernel_distances
from mmgen.registry import METRICS
from mmgen.utils.randomness import seed_everything


def features(rows, seed, size=5):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(rows, size, generator=rng)


def double_sum(a, b):
    """The definition, pair by pair."""
    def k(x, y):
        return (float(x.double() @ y.double()) / len(x) + 1)**3

    def within(x):
        return np.mean([k(x[i], x[j]) for i, j in itertools.permutations(
            range(len(x)), 2)])

    between = np.mean([k(x, y) for x in a for y in b])
    return within(a) + within(b) - 2 * between


@pytest.mark.parametrize('rows', [1, 3, 256])
@pytest.mark.parametrize('sizes', [(2, 2), (7, 4)])
def test_is_the_plain_double_sum(sizes, rows, monkeypatch):
    monkeypatch.setattr(kid, 'ROWS_AT_ONCE', rows)
    a, b = features(sizes[0], 0), features(sizes[1], 1) + 0.5
    assert kernel_distance(a, b) == pytest.approx(double_sum(a, b), rel=1e-12)


def test_two_points_by_hand():
    """k(0, 1) = 1, k(0, 2) = 1, k(1, 3) = 64, ... with P = 1."""
    a, b = torch.tensor([[0.], [1.]]), torch.tensor([[2.], [3.]])
    # within a: k(0, 1) = 1; within b: (6 + 1)^3 = 343;
    # between: 1 + 1 + 3^3 + 4^3 = 93 over four pairs
    assert kernel_distance(a, b) == 1 + 343 - 2 * 93 / 4


def test_is_unbiased():
    """The mean over all pairs of subsets is the number of all images."""
    a, b = features(5, 0), features(4, 1) * 2
    values = [kernel_distance(a[list(i)], b[list(j)])
              for i in itertools.combinations(range(5), 3)
              for j in itertools.combinations(range(4), 2)]
    assert np.mean(values) == pytest.approx(kernel_distance(a, b), rel=1e-12)


def test_samples_of_one_distribution_are_at_zero_within_the_error():
    x = features(1200, 0, 16)
    values = kernel_distances(x[:600], x[600:], 50, 100, seed=0)
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean()) < 4 * error
    assert (values < 0).any() and (values > 0).any()
    shifted = kernel_distances(x[:600] + 0.3, x[600:], 50, 100, seed=0)
    assert shifted.mean() > 20 * error


def test_identical_sets_differ_by_the_pairs_of_an_image_with_itself():
    """These are in the mean between the sets alone."""
    x = features(300, 0)
    kernel = (x.double() @ x.double().T / 5 + 1)**3
    own = kernel.trace().item() / 300
    others = (kernel.sum().item() / 300 - own) / 299
    expected = -2 / 300 * (own - others)
    assert kernel_distance(x, x) == pytest.approx(expected, rel=1e-9)
    values = kernel_distances(x, x, 40, 100, seed=0)
    assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(40)


def test_constant_features():
    assert kernel_distance(torch.ones(4, 3), torch.ones(6, 3)) == 0


def test_fewer_images_than_dimensions():
    a, b = features(3, 0, 40), features(4, 1, 40)
    assert kernel_distance(a, b) == pytest.approx(double_sum(a, b), rel=1e-12)


def test_large_features_keep_their_digits():
    """float32 would lose the difference in the cube of the offset."""
    x = features(40, 0, 8)
    a, b = x[:20] + 30, x[20:] + 30
    assert kernel_distance(a, b) == pytest.approx(
        double_sum(a, b), rel=0, abs=1e-9 * 900**3)


def test_subsets_follow_from_the_seed():
    a, b = features(50, 0), features(60, 1)
    torch.rand(3)
    np.random.rand(3)
    first = kernel_distances(a, b, 4, 10, seed=3)
    np.testing.assert_array_equal(first, kernel_distances(a, b, 4, 10, seed=3))
    assert (first != kernel_distances(a, b, 4, 10, seed=4)).all()
    assert len(set(first)) == 4
    whole = kernel_distances(a, b[:50], 1, 50, seed=0)
    assert whole[0] == pytest.approx(kernel_distance(a, b[:50]), rel=1e-9)


def kid_of(fake, real, **settings):
    """The metric on features."""
    metric = tiny_kid(fake_nums=len(fake), **settings)
    metric._fake = FeatureTable(fake, len(fake), '')
    metric.reference = FeatureTable(real, len(real), '')
    return metric.compute()['kid'], metric.beside()['kid']['standard_error']


def test_standard_error_is_the_jackknife_by_hand():
    """With all images in the subset there is one group to leave out."""
    fake, real = features(40, 0), features(40, 1) + 0.3
    _, error = kid_of(fake, real, subsets=1, subset_size=40)
    left_out = [kernel_distance(fake[torch.arange(40) % 10 != group], real)
                for group in range(10)]
    assert error == pytest.approx(3 * np.std(left_out))


@pytest.mark.parametrize('subsets', [2, 20])
def test_standard_error_is_how_far_the_mean_strays(subsets):
    """Also where subsets share images, so that their deviation says little."""
    real = features(200, 99)
    found = [kid_of(features(200, seed) * 1.2 + 0.2, real, subsets=subsets,
                    subset_size=60) for seed in range(60)]
    values, errors = np.array(found).T
    assert np.mean(errors) == pytest.approx(values.std(), rel=0.25)


def test_small_subsets_have_no_standard_error():
    evaluator = GenEvaluator(tiny_kid())
    run(evaluator)
    assert evaluator.beside == {}
    assert not tiny_kid(fake_nums=30, subset_size=20,
                        standard_error=False).standard_error
    evaluator = GenEvaluator(tiny_kid(fake_nums=30, subset_size=20))
    run(evaluator)
    assert evaluator.beside['KID-Tiny/kid']['standard_error'] > 0


def tiny_kid(**settings):
    return METRICS.build(dict(dict(
        type='KID', fake_nums=10, subsets=3, subset_size=6,
        feature='TinyFeatures'), **settings))


def test_number_is_that_of_the_plain_formula():
    model, data = TinyGAN(), TinyImages()
    images = []
    for index, size in enumerate([4, 4, 2]):
        seed_everything(0, index)
        images += [sample.fake_img.data.detach() for sample in model.test_step(
            dict(inputs=dict(num_batches=size, sample_model='orig')))]
    fake = TinyFeatures()(model.data_preprocessor.to_uint8_rgb(
        torch.stack(images)))
    real = TinyFeatures()(torch.from_numpy(data.images))
    expected = kernel_distances(fake, real, 3, 6, seed=0)
    results = run(GenEvaluator(tiny_kid()))
    assert results == {
        'KID-Tiny/kid': pytest.approx(expected.mean(), rel=1e-6),
        'KID-Tiny/kid_std': pytest.approx(expected.std(), rel=1e-6)}


def test_shares_images_and_features_with_other_metrics():
    network, model = TinyClasses(), TinyGAN()
    results = run(GenEvaluator([
        METRICS.build(fid(fake_nums=12, feature=network)),
        tiny_kid(feature=network)]), model)
    assert set(results) == {'FID/fid', 'FID/mean', 'FID/cov', 'KID/kid',
                            'KID/kid_std'}
    assert model.images_made == 12
    # 21 real images make 6 batches, 12 generated ones make 3.
    assert network.calls == 6 + 3


def test_features_of_real_images_come_from_the_cache(cache):
    first = run(GenEvaluator(tiny_kid()))
    name, = (cache / 'features').iterdir()
    assert name.name.startswith('Tiny-TinyImages-21-')
    data = TinyImages()
    evaluator = GenEvaluator(tiny_kid(subsets=3))
    assert run(evaluator, loading=loader(data)) == first
    assert len(data.read) == 3  # for the name
    assert evaluator.metrics[0].reference.rows.shape == (21, 8)


def test_nothing_is_kept_where_it_is_not_wanted(cache):
    run(GenEvaluator(tiny_kid(auto_save=False)))
    assert not (cache / 'features').exists()


def test_names_and_defaults():
    metric = METRICS.build(dict(type='KernelInceptionDistance',
                                fake_nums=5e4))
    assert metric.result_keys() == ['KID/kid', 'KID/kid_std']
    assert metric.network.name == 'Inception-StyleGAN'
    assert (metric.subsets, metric.subset_size) == (100, 1000)
    clean = KernelInceptionDistance(5000, resize='clean',
                                    inception_style='PyTorch')
    assert 'antialiased' in clean.network.resize


def test_other_features_are_never_called_kid():
    assert tiny_kid().prefix == 'KID-Tiny'
    assert tiny_kid(prefix='KID-Tiny-5k').prefix == 'KID-Tiny-5k'
    with pytest.raises(ValueError, match="prefix='KID' with features of Tiny, "
                       "expected one that starts with 'KID-Tiny'"):
        tiny_kid(prefix='KID')


@pytest.mark.parametrize('settings, words', [
    (dict(fake_nums=5), 'fake_nums=5 images for subsets of subset_size=6'),
    (dict(fake_nums=0), 'fake_nums=0 images for subsets'),
    (dict(real_nums=5), 'real_nums=5 images for subsets of subset_size=6'),
    (dict(fake_nums=10.5), 'fake_nums=10.5, expected a whole number'),
    (dict(subsets=0), 'subsets=0, expected a whole number of at least 1'),
    (dict(standard_error=True), 'subset_size with standard_error=True=6, '
     'expected a whole number of at least 20'),
    (dict(subset_size=1), 'subset_size=1, expected a whole number of at '
     'least 2'),
    (dict(resize='clean'), "resize='clean' together with feature"),
])
def test_refuses_with_the_right_words(settings, words):
    with pytest.raises(ValueError, match=words):
        tiny_kid(**settings)


@pytest.mark.parametrize('size', [0, 1, 5])
def test_too_few_real_images_are_noticed_before_the_work(size):
    model = TinyGAN()
    with pytest.raises(ValueError, match=f'KernelInceptionDistance: the '
                       f'dataset of the val_dataloader has {size} images, '
                       'expected at least 6'):
        GenEvaluator(tiny_kid()).prepare(
            model, loader(TinyImages(size), sampler=[0]))
    assert not model.asked


def test_nan_features_are_refused():
    class Broken(TinyFeatures):

        def __call__(self, images):
            return super().__call__(images) * float('nan')

    metric = tiny_kid(feature=Broken())
    metric.start(torch.device('cpu'))
    with pytest.raises(ValueError, match='4 of 4 feature vectors hold NaN'):
        metric.add(ImageBatch(torch.zeros(4, 3, 8, 8, dtype=torch.uint8)))


def test_too_few_images_from_the_model_are_noticed():
    metric = tiny_kid()
    metric.start(torch.device('cpu'))
    metric.add(ImageBatch(torch.zeros(4, 3, 8, 8, dtype=torch.uint8)))
    with pytest.raises(RuntimeError, match='saw 4 generated images, expected '
                       'fake_nums=10'):
        metric.gather()


def test_identity_says_everything():
    evaluator = GenEvaluator(tiny_kid(seed=7))
    run(evaluator)
    found = evaluator.identities()['KID-Tiny/kid']
    assert found['metric'] == 'KernelInceptionDistance'
    assert (found['subsets'], found['subset_size']) == (3, 6)
    assert found['fake']['seed'] == 7
    assert found['features'] == TinyFeatures().identity()
    assert found['reference']['images'] == 21
    assert len(found['reference']['sha256']) == 64
