"""The signals between StyleGAN3's layers, and the filters that shape them.

Karras et al. 2021, arXiv:2106.12423: section 3.2 for the signals, appendix C
for the filters.
"""
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Band:
    """The signal between two layers (figure 4b, the curves).

    Frequencies are in cycles, the rate in samples per image side.

    Attributes:
        cutoff: ``f_c``.
        half_width: ``f_h``, half of the transition band.
        rate: ``s``.
        size: Samples along a side, margins included.
        channels: ``C``.
    """

    cutoff: float
    half_width: float
    rate: int
    size: int
    channels: int


def plan_bands(out_size: int, img_channels: int, *, channel_base: int,
               channel_max: int, num_layers: int, num_critical: int,
               first_cutoff: float, first_stopband: float,
               last_stopband_rel: float, margin_size: int) -> list[Band]:
    """What each of the ``num_layers + 1`` layers puts out.

    Cutoff and stopband grow geometrically up to the first of the critically
    sampled layers, and the rate is the smallest power of two that holds the
    stopband.

    Source: section 3.2, "flexible layer specifications". The arguments are
    those of `SynthesisNetwork`.
    """
    last_cutoff = out_size / 2
    last_stopband = last_cutoff * last_stopband_rel
    bands = []
    for index in range(num_layers + 1):
        progress = min(index / (num_layers - num_critical), 1)
        cutoff = first_cutoff * (last_cutoff / first_cutoff)**progress
        stopband = first_stopband * (last_stopband / first_stopband)**progress
        rate = 2**ceil(log2(min(2 * stopband, out_size)))
        bands.append(Band(
            cutoff=cutoff,
            half_width=max(stopband, rate / 2) - cutoff,
            rate=rate,
            # The margins end before the last layer, which makes colours.
            size=out_size if index >= num_layers - 1
            else rate + 2 * margin_size,
            channels=img_channels if index == num_layers
            else round(min(channel_base / 2 / cutoff, channel_max))))
    return bands


def design_lowpass(taps: int,
                   cutoff: float,
                   half_width: float,
                   rate: float,
                   radial: bool = False) -> Tensor:
    """A low-pass filter with a Kaiser window.

    Frequencies and the rate share one unit, cycles and samples per image side.

    Args:
        taps: Length ``n``, even for a radial filter.
        cutoff: Frequency ``f_c`` of which half is left.
        half_width: Half ``f_h`` of the width of the transition band.
        rate: Samples ``s`` of the signal to be filtered.
        radial: Whether it is (nearly) the same in all directions: a jinc,
            which is to a disc of frequencies what a sinc is to an interval.

    Returns:
        Float32 with the sum 1: ``[n]``, to be applied along both axes, or
        ``[n, n]`` for a radial filter.

    Source: appendix C. The window's shape follows from length and width by
    Kaiser's formulas, which scipy has.
    """
    from scipy.signal import firwin, kaiser_atten, kaiser_beta
    from scipy.special import j1

    if not radial:
        kernel = firwin(taps, cutoff, width=2 * half_width, fs=rate)
        return torch.tensor(kernel, dtype=torch.float32)
    x = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.hypot(x[:, None], x[None, :])
    jinc = j1(2 * np.pi * cutoff * radius) / (np.pi * radius)
    window = np.kaiser(
        taps, kaiser_beta(kaiser_atten(taps, 4 * half_width / rate)))
    kernel = jinc * np.outer(window, window)
    return torch.tensor(kernel / kernel.sum(), dtype=torch.float32)
