"""Layers with an equalised learning rate against the formula."""
import copy

import pytest
import torch
import torch.nn.functional as F

from mmgen.models.layers.equalized_lr import (EqualizedLRConv2d,
                                              EqualizedLRConvTranspose2d,
                                              EqualizedLRLinear)

LAYERS = [
    (lambda **kw: EqualizedLRLinear(18, 5, **kw), F.linear, (2, 18), 18),
    (lambda **kw: EqualizedLRConv2d(4, 5, 3, **kw), F.conv2d, (2, 4, 6, 6),
     4 * 9),
    (lambda **kw: EqualizedLRConvTranspose2d(4, 5, 3, **kw),
     F.conv_transpose2d, (2, 4, 6, 6), 4 * 9),
]


@pytest.mark.parametrize('make, function, shape, fan_in', LAYERS)
@pytest.mark.parametrize('gain, lr_mul', [(2**0.5, 1.0), (1.0, 0.01)])
def test_formula(make, function, shape, fan_in, gain, lr_mul):
    torch.manual_seed(0)
    layer = make(gain=gain, lr_mul=lr_mul)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(shape)
    weight = layer.weight_orig * gain * lr_mul / fan_in**0.5
    torch.testing.assert_close(
        layer(x), function(x, weight, layer.bias * lr_mul))
    assert set(layer.state_dict()) == {'weight_orig', 'bias'}


@pytest.mark.parametrize('make, function, shape, fan_in', LAYERS)
def test_kept_weight_has_the_deviation_that_the_rate_asks_for(
        make, function, shape, fan_in):
    for lr_mul in (1.0, 0.01):
        deviation = torch.cat([
            make(lr_mul=lr_mul).weight_orig.detach().flatten()
            for _ in range(50)]).std().item()
        assert deviation == pytest.approx(1 / lr_mul, rel=0.05)


@pytest.mark.parametrize('make, function, shape, fan_in', LAYERS)
def test_without_bias_in_half_precision_and_copied(make, function, shape,
                                                   fan_in):
    layer = make(bias=False)
    x = torch.randn(shape)
    full = layer(x)
    torch.testing.assert_close(copy.deepcopy(layer)(x), full)
    half = layer(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), full, rtol=0.05, atol=0.05)
