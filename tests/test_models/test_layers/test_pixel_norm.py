"""Normalised pixels against recorded numbers and by hand."""
import pytest
import torch
from recorded_numbers import RecordedNumbers

from mmgen.models.layers.pixel_norm import PixelNorm, pixel_norm


def test_recorded_numbers():
    numbers = RecordedNumbers('resample_ops')
    numbers.check('pixel_norm', pixel_norm(numbers.input('y')))


def test_by_hand():
    x = torch.tensor([[3.0, 4.0]])
    length = (12.5)**0.5
    assert PixelNorm()(x).tolist()[0] == pytest.approx(
        [3 / length, 4 / length], rel=1e-5)


def test_large_half_precision_values_do_not_overflow():
    x = torch.full((1, 4, 2, 2), 3e4, dtype=torch.float16)
    assert PixelNorm()(x).dtype == torch.float16
    torch.testing.assert_close(PixelNorm()(x), torch.ones_like(x))


def test_zero_stays_zero():
    assert not pixel_norm(torch.zeros(1, 3, 2, 2)).any()
