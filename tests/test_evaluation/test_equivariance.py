"""Equivariance: generators that move by a known law, and StyleGAN3."""
from copy import deepcopy
from math import inf, log10

import pytest
import torch
from tiny_evaluation import TinyGAN, run
from tiny_latents import LinearGenerator, WaveGenerator, gan

from mmgen.evaluation import Equivariance, GenEvaluator
from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.metrics.equivariance import psnr
from mmgen.models.layers import NoiseGenerator
from mmgen.models.stylegan3 import StyleGANv3Generator
from mmgen.registry import METRICS

KEYS = ['EQ/eqt_int', 'EQ/eqt_frac', 'EQ/eqr']
R = dict(conv_kernel=1, use_radial_filters=True)


def eq(*numbers, fake_nums=8, **settings):
    eq_cfg = {f'compute_{number}': True for number in numbers}
    eq_cfg.update(settings.pop('eq_cfg', {}))
    return Equivariance(**dict(dict(
        fake_nums=fake_nums, sample_mode='orig', eq_cfg=eq_cfg), **settings))


def measure(model, *numbers, **settings):
    return run(GenEvaluator(eq(*numbers, **settings)), model)


class PixelGenerator(NoiseGenerator):
    """Moves white noise by whole pixels, whatever it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.noise_size = 3 * 32 * 32
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, z, transform=torch.eye(3)):
        images = z.view(-1, 3, 32, 32)
        # A place's content was at `transform @ place`.
        right, down = (-transform[:2, 2] * 32).round().int().tolist()
        return images.roll((down, right), (2, 3))


# ------------------------------------------------------------------ numbers


def test_decibels_by_hand():
    assert psnr(255.0**2, 1.0) == 0
    assert psnr(4.0, 400.0) == pytest.approx(20 * log10(255 / 0.1))
    assert psnr(0.0, 5.0) == inf


def test_a_perfectly_equivariant_generator_is_infinite():
    assert measure(gan(PixelGenerator()), 'eqt_int')['EQ/eqt_int'] == inf


def test_a_generator_that_turns_back_is_noticed():
    """The signs of shifts and angles are those of the image."""
    found = measure(gan(WaveGenerator()))
    assert list(found) == KEYS
    # What is left: float32, and the filters' ripples.
    assert found['EQ/eqt_int'] > 120
    assert found['EQ/eqt_frac'] > 45
    assert found['EQ/eqr'] > 45
    for faithful in (-1.0, 0.0):
        wrong = measure(gan(WaveGenerator(faithful=faithful)))
        assert max(wrong.values()) < 25


def test_mean_square_is_over_all_images():
    """A still image of a ramp differs by the shift, everywhere."""

    class Ramp(LinearGenerator):

        def forward(self, z, transform=None):
            ramp = torch.arange(16.0) / 127.5  # one level a pixel
            return ramp.expand(len(z), 3, 16, 16)

    metric = eq('eqt_int', fake_nums=11, eq_cfg=dict(translate_max=0.4))
    found = run(GenEvaluator(metric), gan(Ramp()))['EQ/eqt_int']
    squares = values = 0
    for index, size in enumerate((4, 4, 3)):
        right, down = (round(16 * shift)
                       for shift in metric.movements[0].shift(index))
        count = size * 3 * (16 - abs(right)) * (16 - abs(down))
        squares, values = squares + count * right**2, values + count
    assert squares > 0
    assert found == pytest.approx(
        10 * log10(255**2 * values / squares), abs=1e-3)


def test_movements_are_drawn_up_to_their_limits():
    metric = eq(eq_cfg=dict(translate_max=0.25, rotate_max=0.5))
    metric._ask_for(64)
    whole, anywhere, turn = metric.movements
    shifts = torch.tensor([whole.shift(index) for index in range(300)])
    assert torch.equal(shifts * 64, (shifts * 64).round())
    assert shifts.amin(0).tolist() == [-0.25, -0.25]
    assert shifts.amax(0).tolist() == [0.25, 0.25]
    assert abs(torch.corrcoef(shifts.T)[0, 1]) < 0.2
    shifts = torch.tensor([anywhere.shift(index) for index in range(300)])
    assert not torch.equal(shifts * 64, (shifts * 64).round())
    assert 0.24 < shifts.abs().max() <= 0.25
    angles = torch.tensor([turn.angle(index) for index in range(300)])
    assert 1.5 < angles.abs().max() <= torch.pi / 2
    assert angles.mean().abs() < 0.2


@pytest.mark.parametrize('synthesis', [{}, R], ids='TR')
def test_stylegan3_is_equivariant_and_left_as_it_was(synthesis):
    torch.manual_seed(0)
    model = gan(StyleGANv3Generator(
        32, 16, 3, noise_size=8, synthesis_cfg=dict(
            dict(type='SynthesisNetwork', channel_base=512, channel_max=24,
                 num_layers=6), **synthesis)))
    before = deepcopy(model.state_dict())
    plain = model.generator(torch.ones(1, 8))
    found = measure(model)
    assert found['EQ/eqt_int'] > 90 and found['EQ/eqt_frac'] > 70
    # T's kernels have a direction.
    assert found['EQ/eqr'] > 70 if synthesis else found['EQ/eqr'] < 45
    assert all(torch.equal(before[key], value)
               for key, value in model.state_dict().items())
    assert torch.equal(model.generator(torch.ones(1, 8)), plain)


def test_ema_and_orig_are_measured_each():
    model = gan(WaveGenerator())
    model.generator_ema.module.faithful.data.fill_(0.0)
    good = measure(model, 'eqt_int')
    bad = measure(model, 'eqt_int', sample_mode='ema')
    assert good['EQ/eqt_int'] > bad['EQ/eqt_int'] + 50
    assert Equivariance(10).fake_request.sample_model == 'ema'


def test_each_number_is_what_it_is_alone():
    model = gan(WaveGenerator(faithful=0.9))
    together = measure(model)
    for key in KEYS:
        name = key.removeprefix('EQ/')
        assert measure(model, name) == {key: together[key]}
    assert measure(model, seed=1) != together


def test_grey_images_have_the_numbers_of_their_colour():

    class Grey(WaveGenerator):

        def forward(self, z, transform=None):
            return super().forward(z, transform)[:, :1]

    for name in ('eqt_int', 'eqr'):
        assert measure(gan(Grey(faithful=0.9)), name) == pytest.approx(
            measure(gan(WaveGenerator(faithful=0.9)), name))


# ---------------------------------------------------------------- interface


def test_keywords_of_1x():
    for name in ('EQ', 'Equivariance'):
        metric = METRICS.build(dict(
            type=name, fake_nums=5e1, real_nums=0, fake_key=None,
            real_key='img', sample_mode='ema', sample_kwargs=dict(),
            collect_device='cpu', prefix='EQ', eq_cfg=dict(
                compute_eqt_int=True, compute_eqt_frac=True,
                compute_eqr=True, translate_max=0.125, rotate_max=1)))
        assert metric.result_keys() == KEYS
    assert METRICS.build(dict(type='EQ', fake_nums=2)).result_keys() == KEYS
    some = eq(eq_cfg=dict(compute_eqr=True, compute_eqt_int=False))
    assert some.result_keys() == ['EQ/eqr']


def test_sample_kwargs_reach_the_generator_beside_the_transform():
    model = gan(WaveGenerator())
    with pytest.raises(TypeError, match='unexpected keyword argument .colour'):
        measure(model, sample_kwargs=dict(colour=3))


def test_the_card_says_what_changes_the_number():
    cards = []
    for settings in ({}, dict(eq_cfg=dict(translate_max=0.2)),
                     dict(eq_cfg=dict(rotate_max=0.1)), dict(seed=3)):
        evaluator = GenEvaluator(eq(fake_nums=2, **settings))
        run(evaluator, gan(WaveGenerator()))
        cards.append(evaluator.identities()['EQ/eqr'])
    assert all(cards[0] != other for other in cards[1:])
    assert cards[0]['translate_max'] == 0.125


# -------------------------------------------------------------------- edges


@pytest.mark.parametrize('eq_cfg, words', [
    (dict(compute_eqt=True), 'eq_cfg has compute_eqt, expected '
     'compute_eqt_int, compute_eqt_frac, compute_eqr, translate_max'),
    (dict(compute_eqr=False), 'eq_cfg wants no number. Set one of'),
    (dict(translate_max=0.6), 'translate_max=0.6, expected a number above 0 '
     'and up to 0.5'),
    (dict(rotate_max=0), 'rotate_max=0, expected a number above 0 and up to '
     '1'),
])
def test_wrong_settings_are_refused(eq_cfg, words):
    with pytest.raises(ValueError, match=words):
        eq(eq_cfg=eq_cfg)


@pytest.mark.parametrize('model, name', [
    (gan(LinearGenerator()), 'LinearGenerator'), (TinyGAN(), 'TinyGAN')])
def test_a_generator_that_cannot_move_is_told_so(model, name):
    with pytest.raises(TypeError, match=f'Equivariance: {name} has no argument '
                       'transform .*StyleGANv3Generator'):
        measure(model)


def test_small_and_oblong_images_are_refused():
    with pytest.raises(ValueError, match='images of 12 x 12 pixels, expected '
                       'more than 12: .*Set compute_eqr=False'):
        measure(gan(WaveGenerator(side=12)))
    assert measure(gan(WaveGenerator(side=13)), 'eqr')['EQ/eqr'] > 0
    assert measure(gan(WaveGenerator(side=12)), 'eqt_int')['EQ/eqt_int'] > 100
    with pytest.raises(ValueError, match='eqt_frac has no pixel to compare'):
        measure(gan(WaveGenerator(side=4)), 'eqt_frac')

    class Oblong(WaveGenerator):

        def forward(self, z, transform=None):
            return super().forward(z, transform)[:, :, :20]

    with pytest.raises(ValueError, match='images of 20 x 32 pixels, expected '
                       'square ones'):
        measure(gan(Oblong()))


def test_missing_images_are_noticed():
    metric = eq()
    metric.start(torch.device('cpu'))
    levels = torch.zeros(4, 3, 32, 32)
    metric.add(ImageBatch(levels.byte(), 0, levels))
    with pytest.raises(RuntimeError, match='saw 4 generated images, expected '
                       'fake_nums=8'):
        metric.gather()
