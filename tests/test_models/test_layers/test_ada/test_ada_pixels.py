"""Colours, bands and holes: recorded numbers and values by hand."""
import colorsys

import pytest
import torch
from recorded_numbers import RecordedNumbers
from torch.autograd import gradcheck, gradgradcheck

from mmgen.models.layers.ada.pixels import (EXPECTED_POWER, band_gains,
                                            change_colors, color_map, cut_out,
                                            filter_bands)
from mmgen.models.layers.ada.wavelets import band_filters

NUMBERS = RecordedNumbers('ada_pipe')
FILTERS = torch.tensor(band_filters()).float()
COLORS = ('brightness', 'log2_contrast', 'luma_flip', 'hue', 'log2_saturation')


def recolor(x, **given):
    """The images with these parameters; the others are 0."""
    parameters = {
        name: torch.full((len(x), ), float(given.pop(name, 0))).to(x)
        for name in COLORS
    }
    assert not given
    return change_colors(x, *color_map(**parameters))


def normal(u):
    return torch.erfinv(torch.tensor(2 * u - 1)).item()


@pytest.mark.parametrize('u', [0.2, 0.7])
def test_recorded_colors(u):
    n = normal(u)
    NUMBERS.check(f'color_u{u}', recolor(
        NUMBERS.input('x'), brightness=0.2 * n, log2_contrast=0.5 * n,
        luma_flip=int(2 * u), hue=2 * u - 1, log2_saturation=n))


@pytest.mark.parametrize('u', [0.2, 0.7])
def test_recorded_bands(u):
    gains = band_gains(torch.full((4, 4), normal(u)))
    NUMBERS.check(f'filt_u{u}',
                  filter_bands(NUMBERS.input('x'), gains, FILTERS))


@pytest.mark.parametrize('u', [0.2, 0.7])
def test_recorded_corruptions(u):
    std = 0.1 * torch.erfinv(torch.tensor(u))
    x = NUMBERS.input('x') + NUMBERS.input('noise') * std
    NUMBERS.check(f'corr_u{u}', cut_out(
        x, torch.full((4, 2), u), torch.full((4, ), 0.5)))


def pixel(*rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1)


@pytest.mark.parametrize('given, expected', [
    (dict(), (0.1, 0.5, -0.3)),
    (dict(brightness=0.2), (0.3, 0.7, -0.1)),
    (dict(log2_contrast=1), (0.2, 1.0, -0.6)),
    (dict(brightness=0.2, log2_contrast=1), (0.6, 1.4, -0.2)),
    # The mean, 0.1, becomes -0.1.
    (dict(luma_flip=1), (-0.1, 0.3, -0.5)),
    (dict(brightness=0.2, luma_flip=1), (-0.3, 0.1, -0.7)),
    (dict(log2_saturation=-1), (0.1, 0.3, -0.1)),
    (dict(log2_saturation=1, brightness=0.2), (0.3, 1.1, -0.5)),
    # A third of a full turn exchanges the channels.
    (dict(hue=2 / 3), (-0.3, 0.1, 0.5)),
    (dict(hue=-2 / 3), (0.5, -0.3, 0.1)),
])
def test_color_of_a_pixel(given, expected):
    found = recolor(pixel(0.1, 0.5, -0.3), **given).flatten()
    torch.testing.assert_close(found, torch.tensor(expected))


def test_hue_turns_by_the_angle():
    """A pure red, turned by 120 degrees, is a pure green."""
    green = recolor(pixel(1.0, 0.0, 0.0), hue=2 / 3).flatten().tolist()
    assert colorsys.rgb_to_hsv(*green)[0] == pytest.approx(1 / 3, abs=1e-6)


def test_grey_images_are_the_mean_of_three_channels():
    grey = torch.rand(4, 1, 5, 6)
    given = dict(brightness=0.2, log2_contrast=0.3, luma_flip=1, hue=0.4,
                 log2_saturation=0.7)
    expected = recolor(grey.expand(-1, 3, -1, -1), **given)
    torch.testing.assert_close(
        recolor(grey, **given), expected.mean(1, keepdim=True))


def test_gains_by_hand():
    """The lowest band holds 10 of 13 parts of the power."""
    asked = torch.zeros(3, 4)
    asked[1, 0], asked[2, 3] = 1, 2
    expected = torch.ones(3, 4)
    expected[1] = torch.tensor([2, 1, 1, 1]) / ((10 * 4 + 3) / 13)**0.5
    expected[2] = torch.tensor([1, 1, 1, 4]) / ((12 + 16) / 13)**0.5
    torch.testing.assert_close(band_gains(asked), expected)


def test_one_amplified_band_keeps_the_expected_power():
    asked = torch.diag(torch.tensor([-1.0, 0.5, 2.0, 3.0]))
    power = band_gains(asked).square() @ torch.tensor(EXPECTED_POWER)
    torch.testing.assert_close(power, torch.ones(4))


def test_bands_of_a_sine():
    """Its frequency lies in one band, which alone decides."""
    wave = (torch.arange(128) * torch.pi * 3 / 16).sin()
    x = wave.expand(1, 1, 128, 128)
    scale = filter_bands(x, torch.tensor([[1.0, 3.0, 1.0, 1.0]]), FILTERS)
    other = filter_bands(x, torch.tensor([[1.0, 1.0, 1.0, 3.0]]), FILTERS)
    middle = slice(40, 88)
    assert scale[..., middle].std() > 2.3 * x[..., middle].std()
    assert other[..., middle].std() < 1.1 * x[..., middle].std()


def test_each_image_has_its_own_filter():
    x = torch.rand(2, 3, 24, 30)
    gains = torch.tensor([[1.0, 1, 1, 1], [0.5, 2, 1, 3]])
    both = filter_bands(x, gains, FILTERS)
    torch.testing.assert_close(both[0], x[0])
    torch.testing.assert_close(
        both[1:], filter_bands(x[1:], gains[1:], FILTERS))
    assert not torch.allclose(both[1], x[1], atol=0.1)


def test_hole_by_hand():
    """A quarter of the width and of the height to each side."""
    x = torch.ones(2, 1, 8, 16)
    centre = torch.tensor([[0.5, 0.25], [1.0, 0.5]])
    hole = cut_out(x, centre, torch.tensor([0.5, 0.0])) == 0
    assert hole[0].nonzero()[:, 1].unique().tolist() == [0, 1, 2, 3]
    assert hole[0].nonzero()[:, 2].unique().tolist() == list(range(4, 12))
    assert not hole[1].any()
    hole = cut_out(x, centre, torch.tensor([0.0, 0.5])) == 0
    assert hole[1].nonzero()[:, 2].unique().tolist() == [12, 13, 14, 15]


def test_two_derivatives():
    gains = torch.tensor([[0.5, 2, 1, 3]], dtype=torch.double)
    filters = FILTERS[:, 16:27].double()  # the middle will do

    def changed(x):
        x = recolor(x, brightness=0.1, hue=0.3, log2_saturation=0.5)
        return filter_bands(x, gains, filters).sin()

    x = torch.rand(1, 3, 6, 7, dtype=torch.double, requires_grad=True)
    assert gradcheck(changed, x)
    assert gradgradcheck(changed, x)
