"""How far a number strays with other images of the same model.

Where no formula knows it, by the jackknife: the images are put into groups,
and the number is computed again without each of them.
"""
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

# Image i is in group i % JACKKNIFE_GROUPS, whatever process makes it.
JACKKNIFE_GROUPS = 10


def jackknife_error(left_out: Sequence[float]) -> float:
    """Standard error of a number from its values with one group left out.

    Args:
        left_out: ``G`` values, each of all groups but one.

    Returns:
        ``sqrt((G - 1) / G * sum (v - mean(v))^2)``. In the mean it is rather
        too large than too small (Efron and Stein 1981, "The jackknife
        estimate of variance").

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap",
    chapter 11, with groups in place of single observations.
    """
    values = np.asarray(left_out)
    deviation = np.square(values - values.mean()).sum()
    return float(np.sqrt((len(values) - 1) / len(values) * deviation))


def error_of_mean(values: Tensor) -> float:
    """Standard error of the mean of independent values, ``[N]``."""
    return float(values.double().std() / len(values)**0.5)


def group_of(count: int, device: torch.device | str = 'cpu') -> Tensor:
    """The group of each of ``count`` images, int64 ``[N]``."""
    return torch.arange(count, device=device) % JACKKNIFE_GROUPS
