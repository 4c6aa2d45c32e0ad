"""Who is augmented, how often and how strongly."""
import copy

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from mmgen.models.layers import AugmentPipe
from mmgen.models.layers.ada import pipe as pipe_module
from mmgen.models.layers.ada.pipe import (COLORS, CORRUPTIONS, GEOMETRY,
                                          SETTINGS, Draws)
from mmgen.models.losses import r1_gradient_penalty_loss

ALL = dict.fromkeys(GEOMETRY + COLORS + CORRUPTIONS, 1)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make(p=1.0, **settings):
    pipe = AugmentPipe(**settings)
    pipe.p.fill_(p)
    return pipe


# ---------------------------------------------------------------- the draws


def test_draws_fill_their_ranges():
    draws = Draws(20000, torch.zeros(()), seeded())
    always = torch.ones(())
    even = draws.even(always, 0.5, 2)
    assert even.shape == (20000, 2)
    assert -0.5 <= even.min() < -0.499 and 0.499 < even.max() < 0.5
    assert even.var().item() == pytest.approx(1 / 12, rel=0.02)
    counts = torch.bincount(draws.whole(always, 4).long())
    assert len(counts) == 4 and (counts - 5000).abs().max() < 250
    bell = draws.bell(always, 0.2)
    assert bell.std().item() == pytest.approx(0.2, rel=0.02)
    assert abs(bell.mean().item()) < 0.01
    assert (draws.fixed(always, 0.7) == 0.7).all()


@pytest.mark.parametrize('chance', [0.0, 0.3, 1.0])
def test_images_are_chosen_with_the_chance(chance):
    draws, p = Draws(20000, torch.zeros(()), seeded()), torch.tensor(chance)
    both = draws.even(p, 0.5, 2)
    # The two numbers of an image belong together.
    assert torch.equal(both[:, 0] != 0, both[:, 1] != 0)
    for values in (both[:, 0], draws.bell(p, 1.0), draws.fixed(p, 1.0)):
        assert (values != 0).float().mean().item() == pytest.approx(
            chance, abs=0.015)


@pytest.fixture
def parameters(monkeypatch):
    """Draw the parameters of many images, which are left as they are."""
    found = {}

    def inverse_map(size, **given):
        found.update(given)

    def color_map(**given):
        found.update(given)
        return None, None

    def band_gains(asked):
        found['log2_gains'] = asked

    def cut_out(images, centre, size):
        found.update(centre=centre, size=size)
        return images

    for function in (inverse_map, color_map, band_gains, cut_out):
        monkeypatch.setattr(pipe_module, function.__name__, function)
    for name in ('transform', 'change_colors', 'filter_bands'):
        monkeypatch.setattr(pipe_module, name, lambda images, *args: images)

    def draw(p, **settings):
        found.clear()
        images = torch.zeros(1, 3, 32, 32).expand(20000, -1, -1, -1)
        if settings.get('noise'):
            images = images[..., :4, :4]
        out = make(p, **settings)(images, seeded())
        return dict(found, images=out)

    return draw


@pytest.mark.parametrize('setting, name, std', [
    ('xflip', 'flip', 0.5),
    ('rotate90', 'quarters', 1.25**0.5),
    ('xint', 'whole_shift', 0.125 / 3**0.5),
    ('scale', 'log2_scale', 0.2),
    ('aniso', 'log2_stretch', 0.2),
    ('xfrac', 'shift', 0.125),
    ('brightness', 'brightness', 0.2),
    ('contrast', 'log2_contrast', 0.5),
    ('lumaflip', 'luma_flip', 0.5),
    ('hue', 'hue', 1 / 3**0.5),
    ('saturation', 'log2_saturation', 1.0),
])
def test_parameters_have_the_papers_strength(parameters, setting, name, std):
    """And all others of the group are 0."""
    drawn = parameters(1.0, **{setting: 1})
    assert drawn.pop(name).std().item() == pytest.approx(std, rel=0.03)
    assert all((value == 0).all() for value in drawn.values())


def test_half_the_chance_for_half_the_setting(parameters):
    drawn = parameters(0.8, scale=0.5, hue=1, brightness=0.25)
    for name, chance in (('log2_scale', 0.4), ('hue', 0.8),
                         ('brightness', 0.2)):
        assert (drawn[name] != 0).float().mean().item() == pytest.approx(
            chance, abs=0.015)


@pytest.mark.parametrize('p', [0.3, 1.0])
def test_an_image_is_turned_at_all_with_the_chance(parameters, p):
    drawn = parameters(p, rotate=1)
    before, after = drawn['turn_before'], drawn['turn_after']
    turned = (before != 0) | (after != 0)
    assert turned.float().mean().item() == pytest.approx(p, abs=0.015)
    assert ((before != 0).float().mean() - (after != 0).float().mean()
            ).abs() < 0.015
    assert before.min() < -0.99 and before.max() > 0.99  # half turns


def test_bands_are_drawn_on_their_own(parameters):
    asked = parameters(0.5, imgfilter=1, imgfilter_bands=(1, 1, 0.5, 0),
                       imgfilter_std=2.0)['log2_gains']
    chosen = (asked != 0).float()
    torch.testing.assert_close(
        chosen.mean(0), torch.tensor([0.5, 0.5, 0.25, 0]), rtol=0, atol=0.015)
    assert (chosen[:, 0] * chosen[:, 1]).mean().item() == pytest.approx(
        0.25, abs=0.015)
    assert asked[:, 0][asked[:, 0] != 0].std().item() == pytest.approx(
        2.0, rel=0.03)


def test_hole_is_anywhere_and_half_the_size(parameters):
    drawn = parameters(0.3, cutout=1)
    assert set(drawn['size'].tolist()) == {0.0, 0.5}
    assert (drawn['size'] > 0).float().mean().item() == pytest.approx(
        0.3, abs=0.015)
    assert drawn['centre'].min() < 0.01 and drawn['centre'].max() > 0.99


def test_noise_has_a_deviation_of_its_own_in_each_image(parameters):
    images = parameters(0.5, noise=1)['images']
    std = images.flatten(1).std(1)
    assert (std > 0).float().mean().item() == pytest.approx(0.5, abs=0.015)
    # The mean of the half-normal distribution is sqrt(2 / pi) of its scale.
    assert std[std > 0].mean().item() == pytest.approx(
        0.1 * (2 / torch.pi)**0.5, rel=0.03)
    noisy = images[std > 0] / std[std > 0][:, None, None, None]
    assert noisy.mean((0, 2, 3)).abs().max() < 0.01  # not one for all pixels


def test_strength_can_be_set(parameters):
    drawn = parameters(1.0, xint=1, xint_max=0.5)
    assert drawn['whole_shift'].max() > 0.49


# ------------------------------------------------------------- all together


def test_parts_are_applied_in_the_papers_order(monkeypatch):
    called = []
    for name in ('transform', 'change_colors', 'filter_bands', 'cut_out'):
        monkeypatch.setattr(
            pipe_module, name,
            lambda x, *args, name=name: called.append((name, x.std())) or x)
    make(**ALL)(torch.zeros(4, 3, 32, 32))
    assert [name for name, _ in called] == [
        'transform', 'change_colors', 'filter_bands', 'cut_out']
    # Noise comes between the filter and the holes.
    assert [std > 0 for _, std in called] == [False, False, False, True]


def test_probability_0_leaves_images_as_they_are():
    x = torch.rand(4, 3, 32, 32) * 2 - 1
    torch.testing.assert_close(make(0.0, **ALL)(x), x, rtol=0, atol=2e-5)


def test_without_settings_there_is_no_augmentation():
    x = torch.rand(4, 5, 8, 8)
    assert torch.equal(make()(x), x)


@pytest.mark.parametrize('setting', sorted(ALL))
def test_each_setting_does_something(setting):
    x = torch.rand(8, 3, 24, 24)
    out = make(**{setting: 1})(x, seeded())
    assert ((out - x).flatten(1).abs().amax(1) > 0.01).sum() >= 2


def test_flips_alone():
    """Half of the images, the others stay."""
    x = torch.linspace(-1, 1, 32).expand(200, 3, 32, 32)
    out = make(xflip=1)(x, seeded())
    flipped = out[:, 0, 16, 28] < 0
    assert 70 < flipped.sum() < 130
    torch.testing.assert_close(
        out[~flipped], x[~flipped], rtol=0, atol=1e-4)
    torch.testing.assert_close(
        out[flipped], x[flipped].flip(3), rtol=0, atol=0.03)


def test_draws_come_from_the_generator_or_else_from_the_global_state():
    x, pipe = torch.rand(4, 3, 32, 32), make(**ALL)
    state = torch.get_rng_state()
    first = pipe(x, seeded(3))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first, pipe(x, seeded(3)))
    assert not torch.equal(first, pipe(x, seeded(4)))
    torch.manual_seed(3)
    assert torch.equal(first, pipe(x))
    assert not torch.equal(first, pipe(x))


def test_each_image_has_its_own_draws():
    x, pipe = torch.rand(1, 3, 32, 32).expand(16, -1, -1, -1), make(**ALL)
    out = pipe(x, seeded())
    assert len(out.flatten(1).unique(dim=0)) == 16
    # What happens to one image does not depend on the others.
    other = torch.cat([x[:1], torch.rand(15, 3, 32, 32)])
    torch.testing.assert_close(
        pipe(other, seeded())[0], out[0], rtol=0, atol=1e-4)


def test_the_images_given_stay_as_they_are():
    x = torch.rand(4, 3, 32, 32)
    before = x.clone()
    make(**ALL)(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize('size', [(24, 40), (33, 27)])
@pytest.mark.parametrize('channels', [1, 3])
def test_any_size_grey_or_rgb(channels, size):
    x = torch.rand(3, channels, *size)
    assert make(**ALL)(x).shape == x.shape


def test_tiny_images():
    settings = {**ALL, 'imgfilter': 0}
    assert make(**settings)(torch.rand(4, 3, 4, 4)).isfinite().all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision_is_that_of_the_images_only(dtype, autocast):
    x = (torch.rand(4, 3, 32, 32) * 2 - 1).to(dtype)
    with torch.autocast('cpu', dtype, enabled=autocast):
        out = make(**ALL)(x, seeded())
    assert out.dtype == dtype
    torch.testing.assert_close(
        out, make(**ALL)(x.float(), seeded()).to(dtype))


def test_two_derivatives():
    """With everything but the long filter, which has a test of its own."""
    pipe = make(**{**ALL, 'imgfilter': 0})
    x = torch.rand(2, 3, 5, 4, dtype=torch.double, requires_grad=True)
    assert gradcheck(lambda x: pipe(x, seeded()).sin(), x)
    assert gradgradcheck(lambda x: pipe(x, seeded()).sin(), x)


def test_penalty_through_the_pipe_trains_the_discriminator():
    """R1 of a discriminator that augments by itself."""
    pipe = make(**ALL)
    disc = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softplus(), nn.Flatten(),
                         nn.Linear(4 * 22 * 22, 1))
    images = torch.rand(2, 3, 24, 24)
    r1_gradient_penalty_loss(
        lambda x: disc(pipe(x, seeded())), images).backward()
    assert disc[0].weight.grad.abs().max() > 0


def test_buffers_are_made_on_the_meta_device_and_copied():
    with torch.device('meta'):
        pipe = AugmentPipe(**ALL)
    assert pipe.Hz_fbank.is_meta and pipe.Hz_fbank.shape == (4, 43)
    pipe = make(0.3, **ALL)
    twin = copy.deepcopy(pipe)
    twin.p.fill_(1)
    assert pipe.p == torch.tensor(0.3)
    assert list(pipe.state_dict()) == ['p', 'Hz_geom', 'Hz_fbank']


def test_known_settings_only():
    with pytest.raises(ValueError, match="AugmentPipe: got 'flip', 'zoom', "
                       "expected only xflip, rotate90"):
        AugmentPipe(flip=1, xflip=1, zoom=2)
    assert 'hue=0.5' in repr(AugmentPipe(hue=0.5))
    assert set(ALL) < set(SETTINGS)


@pytest.mark.parametrize('settings, shape, words', [
    (dict(hue=1), (2, 4, 8, 8), 'images have 4 channels, expected 1 or 3. '
     'Leave out brightness, contrast'),
    (dict(imgfilter=1), (2, 3, 32, 16), 'images of 32 x 16 pixels, expected '
     'more than 21 for imgfilter'),
])
def test_images_that_do_not_fit(settings, shape, words):
    with pytest.raises(ValueError, match=words):
        make(**settings)(torch.zeros(shape))
