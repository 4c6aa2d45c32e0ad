"""The filters: recorded numbers, and what makes them wavelets."""
import numpy as np
import torch
from recorded_numbers import RecordedNumbers

from mmgen.models.layers.ada.wavelets import (SYM2, SYM6, band_filters,
                                              low_pass)

NUMBERS = RecordedNumbers('ada_pipe')


def test_recorded_numbers():
    NUMBERS.check('Hz_geom', torch.tensor(low_pass()))
    NUMBERS.check('Hz_fbank', torch.tensor(band_filters()))


def test_wavelets_are_orthogonal_to_their_shifts_by_two():
    for taps in (SYM2, SYM6):
        products = np.correlate(taps, taps, 'full')[len(taps) - 1:][::2]
        np.testing.assert_allclose(
            products, [1, *[0] * (len(products) - 1)], atol=1e-12)


def test_wavelets_have_vanishing_moments():
    """The high-pass of sym-k is orthogonal to polynomials below degree k."""
    for taps, order in ((SYM2, 2), (SYM6, 6)):
        high = taps * (-1.0)**np.arange(len(taps))
        places = np.linspace(-1, 1, len(taps))
        for degree in range(order):
            assert abs((high * places**degree).sum()) < 1e-10, degree


def test_bands_add_up_to_the_image():
    delta = np.zeros(43)
    delta[21] = 1
    np.testing.assert_allclose(band_filters().sum(0), delta, atol=1e-12)


def test_each_band_has_its_octave():
    """Bands end at pi/8, pi/4, pi/2 and pi."""
    response = np.abs(np.fft.rfft(band_filters(), 256))  # [4, 129], 0 to pi
    for place, band in ((0, 0), (24, 1), (48, 2), (128, 3)):
        assert response[:, place].argmax() == band
    np.testing.assert_allclose(response[:, 0], [1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(response[:, 128], [0, 0, 0, 1], atol=1e-12)
