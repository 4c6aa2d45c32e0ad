"""Bilinear sampling against torch's, and its derivatives."""
import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck

from mmgen.ops import grid_sample


def some_grid(size=(2, 5, 3), **kwargs):
    """Some places lie outside."""
    draws = torch.Generator().manual_seed(0)
    return torch.rand(*size, 2, generator=draws, **kwargs) * 2.6 - 1.3


@pytest.mark.parametrize('shape', [(2, 3, 4, 6), (2, 1, 1, 7)])
def test_is_torchs_with_zeros_outside(shape):
    x, grid = torch.randn(shape), some_grid()
    expected = F.grid_sample(
        x, grid, mode='bilinear', padding_mode='zeros', align_corners=False)
    torch.testing.assert_close(grid_sample(x, grid), expected)


def test_by_hand():
    """Half way between two pixels, a pixel's centre, and outside."""
    x = torch.tensor([[[[1.0, 3.0]]]])
    grid = torch.tensor([[[[0.0, 0.0], [0.5, 0.0], [-3.0, 0.0]]]])
    assert grid_sample(x, grid).flatten().tolist() == [2, 3, 0]


def test_two_derivatives():
    x = torch.randn(2, 2, 4, 3, dtype=torch.double, requires_grad=True)
    grid = some_grid(dtype=torch.double)
    assert gradcheck(lambda x: grid_sample(x.sin(), grid).sin(), x)
    assert gradgradcheck(lambda x: grid_sample(x.sin(), grid).sin(), x)


def test_gradient_is_torchs():
    x, grid = torch.randn(2, 3, 4, 6, requires_grad=True), some_grid()
    weight = torch.randn(2, 3, 5, 3)
    ours, theirs = (
        torch.autograd.grad((sample(x, grid) * weight).sum(), x)[0]
        for sample in (grid_sample,
                       lambda x, grid: F.grid_sample(
                           x, grid, align_corners=False)))
    torch.testing.assert_close(ours, theirs)
