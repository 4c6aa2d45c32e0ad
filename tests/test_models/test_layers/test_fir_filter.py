"""Filters around convolutions keep sides and brightness."""
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgen.models.layers.fir_filter import (FIRFilter,
                                            blur_before_downsampling,
                                            blur_behind_upsampling, upsampler)
from mmgen.ops import fir_kernel, upfirdn2d

TAPS = [[1, 3, 3, 1], [1, 2, 1], [1, 4, 6, 4, 1]]


def test_is_upfirdn2d_and_keeps_its_taps():
    x = torch.randn(2, 3, 6, 6)
    layer = FIRFilter([1, 2, 1], up=2, down=3, pad=(2, 1), gain=4.0)
    torch.testing.assert_close(
        layer(x), upfirdn2d(x, 4 * fir_kernel([1, 2, 1]), 2, 3, (2, 1)))
    assert list(layer.state_dict()) == ['kernel']
    other = FIRFilter([1, 1, 1], up=2, down=3, pad=(2, 1))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))


@pytest.mark.parametrize('taps', TAPS)
def test_upsampling_keeps_a_flat_image(taps):
    out = upsampler(taps)(torch.full((1, 2, 6, 6), 0.7))
    assert out.shape == (1, 2, 12, 12)
    inner = out[..., 4:-4, 4:-4]
    torch.testing.assert_close(inner, torch.full_like(inner, 0.7))


@pytest.mark.parametrize('kernel_size', [1, 3])
@pytest.mark.parametrize('taps', TAPS)
def test_convolutions_double_and_halve_the_side(taps, kernel_size):
    x = torch.ones(1, 1, 16, 16)
    weight = torch.full((1, 1, kernel_size, kernel_size), kernel_size**-2.0)
    up = blur_behind_upsampling(taps, kernel_size)(
        F.conv_transpose2d(x, weight, stride=2))
    assert up.shape == (1, 1, 32, 32)
    assert up[..., 5:-5, 5:-5].mean().item() == pytest.approx(1, rel=1e-3)
    down = F.conv2d(
        blur_before_downsampling(taps, kernel_size)(x), weight, stride=2)
    assert down.shape == (1, 1, 8, 8)
    torch.testing.assert_close(down[..., 2:-2, 2:-2], torch.ones(1, 1, 4, 4))


def test_pixels_can_be_left_out_before_a_1x1_convolution():
    x, conv = torch.randn(2, 3, 8, 8), nn.Conv2d(3, 4, 1)
    straight = conv(blur_before_downsampling([1, 3, 3, 1], 1)(x))[..., ::2, ::2]
    torch.testing.assert_close(
        conv(blur_before_downsampling([1, 3, 3, 1], 1, down=2)(x)), straight)
