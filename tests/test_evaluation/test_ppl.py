"""Perceptual path length: the paths, the distance, the mean."""
from copy import deepcopy
from math import sqrt

import numpy as np
import pytest
import torch
from families import FAMILIES
from recorded_numbers import RecordedNumbers
from tiny_evaluation import TinyGAN, loader, run
from tiny_latents import LinearGenerator, MeanSquare, gan

from mmgen.evaluation import GenEvaluator, PerceptualPathLength, slerp
from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.metrics.ppl import (PathPoint, face_crop, filtered_mean,
                                          shrink)
from mmgen.registry import METRICS, MODELS

EPSILON = 1e-2  # large against rounding


def ppl(**settings):
    return PerceptualPathLength(**dict(dict(
        fake_nums=10, feature=MeanSquare(), crop=False, epsilon=EPSILON,
        sample_model='orig'), **settings))


def score(metric, model):
    return run(GenEvaluator(metric), model)['PPL/ppl_score']


@pytest.fixture(scope='module')
def recorded():
    return RecordedNumbers('metrics')


# ------------------------------------------------------------------- pieces


@pytest.mark.parametrize('share', ['0.0', '0.0001', '0.3', 'tensor'])
def test_recorded_slerp(recorded, share):
    a, b = recorded.input('feat_a')[:5], recorded.input('feat_b')[:5]
    b = b * 1.3 + 0.2
    where = torch.arange(1, 6)[:, None] / 10 if share == 'tensor' \
        else float(share)
    recorded.check(f'slerp_{share}', slerp(a, b, where))


def test_recorded_mean(recorded):
    distances = recorded.input('ppl_d').numpy()
    recorded.check('ppl_score', torch.tensor(filtered_mean(distances)[0]))


def test_slerp_by_hand():
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 0.5])
    third = slerp(a, b, 1 / 3)  # of a right angle: 30 degrees
    torch.testing.assert_close(third, torch.tensor([sqrt(3) / 2, 0.5]))
    torch.testing.assert_close(slerp(a, b, 1.0), torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(slerp(a, a, 0.4), torch.tensor([1.0, 0.0]))


def test_outliers_are_left_out_on_both_sides():
    distances = np.arange(1.0, 201.0)
    distances[-1] = 1e9
    # Places 0.01 * 199 and 0.99 * 199 lie between neighbours.
    mean, error = filtered_mean(distances)
    assert mean == np.arange(2.0, 200.0).mean()
    winsorised = np.array([2, *range(2, 200), 199])
    assert error == pytest.approx(
        winsorised.std(ddof=1) / (198 / 200) / sqrt(200))
    assert filtered_mean(np.array([3.0, 3.0])) == (3, 0)
    # Of few, none is left out, and the error is the usual one.
    assert filtered_mean(np.array([1.0, 2.0, 6.0])) == (
        3, pytest.approx(sqrt(7 / 3)))


def test_standard_error_is_how_far_the_mean_strays():
    """With distances that have a long tail, as paths have."""
    rng = np.random.default_rng(0)
    means, errors = np.array([
        filtered_mean(rng.lognormal(0, 1.2, 400)) for _ in range(2000)]).T
    assert errors.mean() == pytest.approx(means.std(), rel=0.05)


def test_standard_error_stands_beside_the_score():
    evaluator = GenEvaluator(ppl())
    run(evaluator, gan(LinearGenerator()))
    assert evaluator.beside['PPL/ppl_score'] == dict(
        standard_error=pytest.approx(filtered_mean(
            evaluator.metrics[0]._gathered)[1]))
    run(evaluator, gan(LinearGenerator(gain=0.0)))
    assert evaluator.beside['PPL/ppl_score'] == dict(standard_error=0)


def test_crop_and_size():
    rows = torch.arange(64.0).view(1, 1, 64, 1).expand(1, 3, 64, 32)
    face = face_crop(rows)
    assert face.shape == (1, 3, 32, 16)
    assert face[0, 0, :, 0].tolist() == list(range(24, 56))
    large = torch.arange(512.0).expand(1, 3, 512, 512)
    assert shrink(large).shape == (1, 3, 256, 256)
    assert shrink(large)[0, 0, 7, :3].tolist() == [0.5, 2.5, 4.5]
    assert shrink(large[:, :, :511, :511]).shape == (1, 3, 511, 511)


def points(space, sampling, offsets, to_style=None):
    """Latents of the same paths at several offsets."""
    found = []
    for offset in offsets:
        torch.manual_seed(0)
        point = PathPoint(space, sampling, offset, to_style)
        found.append(point.latents((500, 6)).double())
    return found


def test_paths_in_noise_go_over_the_sphere():
    start, near, end = points('Z', 'end', [0, 0.25, 1])
    for latents in (start, near, end):
        torch.testing.assert_close(
            latents.norm(dim=1), torch.full((500, ), 6**0.5).double())

    def angle(a, b):
        return ((a * b).sum(1) / 6).clamp(-1, 1).acos()

    torch.testing.assert_close(angle(start, near), angle(start, end) / 4,
                               rtol=1e-4, atol=0)
    assert angle(start, end).mean() == pytest.approx(np.pi / 2, rel=0.05)


def test_paths_in_styles_are_straight():
    def to_style(z):
        return z @ torch.diag(torch.arange(1.0, 7.0))

    start, near, end = points('W', 'end', [0, 0.25, 1], to_style)
    torch.testing.assert_close(near, 0.75 * start + 0.25 * end)
    torch.testing.assert_close(
        start.std(0), torch.arange(1.0, 7.0).double(), rtol=0.1, atol=0)
    anywhere, = points('W', 'full', [0], to_style)
    places = ((anywhere - start) / (end - start)).median(1).values
    torch.testing.assert_close(
        anywhere, start.lerp(end, places[:, None]), rtol=0, atol=1e-5)
    assert places.min() >= 0 and places.max() <= 1
    assert places.mean() == pytest.approx(0.5, abs=0.05)
    assert places.std() == pytest.approx(sqrt(1 / 12), rel=0.1)


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize('space', ['Z', 'W'])
@pytest.mark.parametrize('sampling', ['full', 'end'])
def test_a_constant_generator_has_length_0(space, sampling):
    model = gan(LinearGenerator(gain=0.0))
    assert score(ppl(space=space, sampling=sampling), model) == 0


@pytest.mark.parametrize('sampling', ['full', 'end'])
def test_a_linear_generator_by_hand(sampling):
    model = gan(LinearGenerator())
    found = score(ppl(sampling=sampling), model)
    calls = model.generator.latents
    assert [len(call) for call in calls] == [4, 4, 4, 4, 2, 2]
    start = torch.cat(calls[::2])
    steps = (torch.cat(calls[1::2]) - start) / EPSILON
    # Pixels are 127.5 times the model's values.
    lengths = (127.5 * steps @ model.generator.paint).square().mean(1)
    expected = lengths.sort().values[0:10].mean()  # ten have no outliers
    assert found == pytest.approx(expected.item(), rel=1e-3)


def test_a_linear_generator_in_expectation():
    """Styles at both ends are independent: twice the variance of pixels."""
    model = gan(LinearGenerator(side=4))
    found = score(ppl(fake_nums=4000), model)
    jacobian = 127.5 * model.generator.mapping @ model.generator.paint
    expected = 2 * jacobian.square().sum(0).mean()
    # Without the outliers it is a little less.
    assert found == pytest.approx(expected.item(), rel=0.1)
    assert found < expected


def test_in_noise_the_length_is_that_of_the_chord():
    model = gan(LinearGenerator())
    found = score(ppl(space='Z'), model)
    calls = model.generator.latents
    steps = (torch.cat(calls[1::2]) - torch.cat(calls[::2])) / EPSILON
    # An angle of 90 degrees in the mean, on a sphere of radius 2.
    assert steps.norm(dim=1).mean() == pytest.approx(np.pi, rel=0.2)
    jacobian = 127.5 * model.generator.mapping @ model.generator.paint
    expected = (steps @ jacobian).square().mean()
    assert found == pytest.approx(expected.item(), rel=1e-3)


def test_both_images_have_the_same_injected_noise():
    plain = score(ppl(), gan(LinearGenerator()))
    noisy = score(ppl(), gan(LinearGenerator(injected=0.5)))
    assert noisy == pytest.approx(plain, rel=1e-2)


def test_grey_images_count_as_three_equal_channels():

    class Grey(LinearGenerator):

        def forward(self, z, input_is_latent=False):
            return super().forward(z, input_is_latent)[:, :1]

    class Repeated(Grey):

        def forward(self, z, input_is_latent=False):
            return super().forward(z, input_is_latent).repeat(1, 3, 1, 1)

    assert score(ppl(), gan(Grey())) == score(ppl(), gan(Repeated()))


def test_a_step_of_1e4_is_not_rounded_away():
    model = gan(LinearGenerator())
    assert score(ppl(epsilon=1e-4), model) == pytest.approx(
        score(ppl(), model), rel=1e-2)


def test_ema_and_orig_are_measured_each():
    model = gan(LinearGenerator())
    model.generator_ema.module.mapping.data *= 2
    before = score(ppl(), model)
    assert score(ppl(sample_model='ema'), model) == pytest.approx(
        4 * before, rel=1e-3)
    assert PerceptualPathLength(10).fake_request.sample_model == 'ema'


@pytest.mark.parametrize('family', [
    'stylegan1', 'stylegan2', 'stylegan2_classes', 'stylegan3',
    'stylegan3_r_classes', 'mspie'])
@pytest.mark.parametrize('space', ['Z', 'W'])
def test_families_with_styles_have_a_length(family, space):
    torch.manual_seed(0)
    model = MODELS.build(deepcopy(FAMILIES[family])).eval()
    for module in model.generator.modules():  # strength of injected noise
        if type(module).__name__ == 'NoiseInjection':
            module.weight.data.fill_(0.3)
    found, coarse = (
        score(ppl(space=space, fake_nums=4, epsilon=epsilon), model)
        for epsilon in (1e-3, 4e-3))
    # It would grow without bounds as the step shrinks if noise or classes
    # of a pair differed.
    assert found == pytest.approx(coarse, rel=0.1)
    assert found > 0


def test_families_without_styles_have_a_length_in_noise():
    model = MODELS.build(deepcopy(FAMILIES['dcgan'])).eval()
    assert score(ppl(space='Z', fake_nums=4), model) > 0


def test_numbers_do_not_depend_on_what_is_beside_them():
    model = gan(LinearGenerator())
    alone = score(ppl(), model)
    evaluator = GenEvaluator([
        ppl(), ppl(fake_nums=14, prefix='PPL-14'), ppl(space='Z', prefix='Z')])
    groups = evaluator.groups(loader())
    assert len(groups) == 2
    assert run(evaluator, model)['PPL/ppl_score'] == alone
    assert score(ppl(seed=1), model) != alone


def test_keywords_of_1x():
    for name in ('PPL', 'PerceptualPathLength'):
        metric = METRICS.build(dict(
            type=name, fake_nums=5e1, real_nums=0, fake_key=None,
            real_key='img', sample_model='ema', collect_device='cpu',
            prefix='ppl-w', crop=True, epsilon=1e-4, space='W',
            sampling='end', latent_dim=512))
        assert metric.result_keys() == ['ppl-w/ppl_score']
        assert metric.fake_nums == 50


def test_the_card_says_what_changes_the_number():
    cards = []
    for settings in ({}, dict(space='Z'), dict(sampling='full'),
                     dict(epsilon=0.1), dict(crop=True)):
        evaluator = GenEvaluator(ppl(**settings))
        run(evaluator, gan(LinearGenerator()))
        cards.append(evaluator.identities()['PPL/ppl_score'])
    assert all(cards[0] != other for other in cards[1:])
    assert cards[0]['features'] == dict(name='MeanSquare')


# -------------------------------------------------------------------- edges


@pytest.mark.parametrize('settings, words', [
    (dict(space='w'), "space='w', expected 'Z' or 'W'"),
    (dict(sampling='start'), "sampling='start', expected 'full' or 'end'"),
    (dict(epsilon=0), 'epsilon=0, expected a share of the path'),
    (dict(fake_nums=1), 'fake_nums=1, expected a whole number of at least 2'),
    (dict(feature='TinyFeatures'), 'feature=TinyFeatures is no perceptual '
     'distance'),
])
def test_wrong_settings_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        ppl(**settings)


def test_a_generator_without_styles_is_told_so():
    with pytest.raises(TypeError, match="PerceptualPathLength: space='W' "
                       "needs a generator with styles .* Use space='Z'"):
        run(GenEvaluator(ppl()), TinyGAN())


@pytest.mark.parametrize('family', ['stylegan3', 'stylegan3_r_classes'])
def test_styles_may_have_another_size_than_the_noise(family):
    torch.manual_seed(0)
    config = deepcopy(FAMILIES[family])
    config['generator']['noise_size'] = 5
    model = MODELS.build(config).eval()
    found, coarse = (score(ppl(fake_nums=4, epsilon=epsilon), model)
                     for epsilon in (1e-3, 4e-3))
    assert 0 < found == pytest.approx(coarse, rel=0.1)


def test_styles_longer_than_the_noise_by_hand():
    model = gan(LinearGenerator())
    generator = model.generator
    model.noise_size, generator.mapping.data = 3, torch.randn(3, 4)
    found = score(ppl(), model)
    calls = generator.latents
    assert all(styles.shape[1] == 4 for styles in calls)
    start = torch.cat(calls[::2])
    steps = (torch.cat(calls[1::2]) - start) / EPSILON
    lengths = (127.5 * steps @ generator.paint).square().mean(1)
    assert found == pytest.approx(lengths.mean().item(), rel=1e-3)


def test_what_is_no_style_is_refused():
    model = gan(LinearGenerator())
    inputs = dict(num_batches=2, sample_model='orig',
                  sample_kwargs=dict(input_is_latent=True))
    for noise, words in ((None, 'noise cannot be drawn without its size'),
                         (torch.zeros(3, 4), 'noise has 3 rows, but '
                          'num_batches=2')):
        with pytest.raises(ValueError, match=words):
            model.test_step(dict(inputs=dict(inputs, noise=noise)))


def test_no_averaged_generator_is_said_as_elsewhere():
    with pytest.raises(ValueError, match="sample_model='ema', but this BaseGAN "
                       'has no averaged generator'):
        run(GenEvaluator(ppl(sample_model='ema')),
            gan(LinearGenerator(), averaged=False))


class Broken(MeanSquare):

    def distances(self, a, b):
        return super().distances(a, b) * torch.nan


def test_nan_is_refused():
    with pytest.raises(ValueError, match='MeanSquare gives NaN or infinity '
                       r'\(images 0 to 3\)'):
        run(GenEvaluator(ppl(feature=Broken())), gan(LinearGenerator()))


def test_missing_pairs_are_noticed():
    metric = ppl()
    metric.start(torch.device('cpu'))
    levels = torch.zeros(4, 3, 16, 16)
    for variant in range(2):
        metric.add(ImageBatch(levels.byte(), 0, levels, 0, variant))
    with pytest.raises(RuntimeError, match='saw 4 pairs of images, expected '
                       'fake_nums=10'):
        metric.gather()
