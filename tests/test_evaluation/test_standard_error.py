"""Standard errors against what they say: how far a number strays."""
import numpy as np
import pytest
import torch

from mmgen.evaluation.standard_error import (error_of_mean, group_of,
                                             jackknife_error)


def test_jackknife_error_of_a_mean_is_the_usual_one():
    x = np.random.default_rng(0).standard_normal(12)
    left_out = [np.delete(x, index).mean() for index in range(12)]
    assert jackknife_error(left_out) == pytest.approx(
        x.std(ddof=1) / np.sqrt(12))
    assert error_of_mean(torch.from_numpy(x)) == pytest.approx(
        x.std(ddof=1) / np.sqrt(12))


def test_jackknife_error_by_hand():
    """sqrt(2 / 3 * (1 + 0 + 1))."""
    assert jackknife_error([1.0, 2.0, 3.0]) == pytest.approx((4 / 3)**0.5)


def test_groups_take_turns():
    assert group_of(12).tolist() == [*range(10), 0, 1]
