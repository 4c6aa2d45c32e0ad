"""The filters of adaptive augmentation.

Karras et al. 2020, arXiv:2006.06676, appendix B. The wavelets are Daubechies'
least asymmetric ones (Ten Lectures on Wavelets, 1992, table 6.3).
"""
from math import sqrt

import numpy as np

# Low-pass filters with the sum sqrt(2). sym2 is known in closed form.
SYM2 = (np.array([1 - sqrt(3), 3 - sqrt(3), 3 + sqrt(3), 1 + sqrt(3)])
        / (4 * sqrt(2)))
SYM6 = np.array([
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057,
    -0.048311742585633, 0.4910559419267466, 0.787641141030194,
    0.3379294217276218, -0.07263752278646252, -0.021060292512300564,
    0.04472490177066578, 0.0017677118642428036, -0.007800708325034148
])
BANDS = 4


def low_pass() -> np.ndarray:
    """sym6 with the sum 1, ``[12]``."""
    return SYM6 / SYM6.sum()


def band_filters() -> np.ndarray:
    """Filters that split an image into octaves, which add up to the image.

    With ``L(z)`` the autocorrelation of sym2's low-pass, divided by 2, and
    ``H(z) = L(-z)`` we have ``L(z) + H(z) = 1``. So the bands, the highest
    first, are ``H(z)``, ``L(z) H(z^2)``, ``L(z) L(z^2) H(z^4)`` and ``L(z)
    L(z^2) L(z^4)``.

    Returns:
        ``[4, 43]``, the lowest band first, symmetric about the middle tap.
    """
    low = np.convolve(SYM2, SYM2[::-1]) / 2
    high = low * (-1.0)**np.arange(-3, 4)
    bands, rest = [], np.ones(1)
    for level in range(BANDS - 1):
        bands.append(np.convolve(rest, spread(high, 2**level)))
        rest = np.convolve(rest, spread(low, 2**level))
    bands.append(rest)
    return np.stack([
        np.pad(band, (len(rest) - len(band)) // 2) for band in bands[::-1]
    ])


def spread(taps: np.ndarray, step: int) -> np.ndarray:
    """``F(z^step)``: ``step - 1`` zeros between the taps."""
    result = np.zeros((len(taps) - 1) * step + 1)
    result[::step] = taps
    return result
