"""StyleGAN3's signals, and the frequency responses of its filters."""
import numpy as np
import pytest
import torch

from mmgen.models.stylegan3.signals import design_lowpass, plan_bands
from itertools import pairwise

RATE, CUTOFF, HALF_WIDTH = 64, 8.0, 4.0


def test_bands_are_the_papers():
    """Configuration T at 1024 pixels, N = 14 layers."""
    bands = plan_bands(
        1024, 3, channel_base=32768, channel_max=512, num_layers=14,
        num_critical=2, first_cutoff=2, first_stopband=2**2.1,
        last_stopband_rel=2**0.3, margin_size=10)
    assert [band.rate for band in bands] == [
        16, 16, 32, 32, 64, 128, 128, 256, 256, 512, 1024, 1024, 1024, 1024,
        1024]
    assert [band.channels for band in bands] == [
        512, 512, 512, 512, 512, 512, 512, 323, 203, 128, 81, 51, 32, 32, 3]
    assert [band.size for band in bands[-4:]] == [1044, 1044, 1024, 1024]
    ratios = [b.cutoff / a.cutoff for a, b in pairwise(bands)]
    assert ratios[:12] == pytest.approx([256**(1 / 12)] * 12)
    assert ratios[12:] == [1, 1]
    # Critically sampled: the band reaches the Nyquist frequency.
    assert bands[12].cutoff == pytest.approx(512)
    assert bands[12].half_width == pytest.approx(512 * (2**0.3 - 1))
    assert bands[0].half_width == pytest.approx(8 - 2)


def response(kernel, frequency, angle=0.0):
    """Amplitude of a wave of this frequency and direction, filtered."""
    kernel = kernel.double().numpy()
    if kernel.ndim == 1:
        kernel = np.outer(kernel, kernel)
    x = (np.arange(len(kernel)) - (len(kernel) - 1) / 2) / RATE
    along = x[None, :] * np.cos(angle) + x[:, None] * np.sin(angle)
    return float((kernel * np.cos(2 * np.pi * frequency * along)).sum())


@pytest.mark.parametrize('radial', [False, True])
def test_passes_what_is_below_and_stops_what_is_above(radial):
    kernel = design_lowpass(48, CUTOFF, HALF_WIDTH, RATE, radial)
    assert kernel.shape == ((48, 48) if radial else (48, ))
    assert kernel.dtype == torch.float32
    assert kernel.sum().item() == pytest.approx(1, abs=1e-6)
    assert response(kernel, CUTOFF - HALF_WIDTH) == pytest.approx(1, abs=0.01)
    assert response(kernel, CUTOFF) == pytest.approx(0.5, abs=0.05)
    for frequency in (CUTOFF + HALF_WIDTH, 20, 27):
        assert abs(response(kernel, frequency)) < 0.01


def test_radial_filter_is_nearly_the_same_in_all_directions():
    """But for its window, which is square."""
    radial, square = (
        design_lowpass(24, CUTOFF, HALF_WIDTH, RATE, radial)
        for radial in (True, False))
    for frequency in (4, 8, 10):
        assert response(radial, frequency, np.pi / 4) == pytest.approx(
            response(radial, frequency), abs=0.015)
    # Sinc times sinc passes on the diagonal what it stops on the axes.
    assert response(square, 10, np.pi / 4) > 2 * response(square, 10)


@pytest.mark.parametrize('radial', [False, True])
def test_a_wider_transition_has_smaller_ripples(radial):
    """Kaiser: the window trades the one for the other."""
    worst = []
    for half_width in (4.0, 8.0):
        kernel = design_lowpass(24, CUTOFF, half_width, RATE, radial)
        worst.append(max(
            abs(response(kernel, frequency)) for frequency in range(17, 32)))
    assert worst[1] < worst[0] / 3
