"""The linear layer with its bias apart."""
import math

import pytest
import torch

from mmgen.models.layers.linear_act import EqualizedLRLinearAct


def test_is_the_formula():
    torch.manual_seed(0)
    layer = EqualizedLRLinearAct(9, 4, act='lrelu', lr_mul=0.1, bias_init=0.5)
    torch.testing.assert_close(layer.bias, torch.full((4, ), 5.0))
    x = torch.randn(3, 9)
    y = x @ layer.linear.weight_orig.T * 0.1 / 3 + 0.5
    expected = torch.where(y > 0, y, 0.2 * y) * math.sqrt(2)
    torch.testing.assert_close(layer(x), expected)
    assert set(layer.state_dict()) == {'bias', 'linear.weight_orig'}


def test_gain_of_the_activation_is_a_setting():
    torch.manual_seed(0)
    layer = EqualizedLRLinearAct(9, 4, act='lrelu', act_gain=1.0)
    usual = EqualizedLRLinearAct(9, 4, act='lrelu')
    usual.load_state_dict(layer.state_dict())
    x = torch.randn(3, 9)
    torch.testing.assert_close(math.sqrt(2) * layer(x), usual(x))


def test_a_slow_layer_learns_slowly():
    """Adam's step is the same, what the layer does with it is not."""
    torch.manual_seed(0)
    x = torch.ones(1, 4)
    moved = []
    for lr_mul in (1.0, 0.01):
        layer = EqualizedLRLinearAct(4, 1, lr_mul=lr_mul)
        before = layer(x)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
        layer(x).sum().backward()
        optimizer.step()
        moved.append((layer(x) - before).item())
    assert moved[1] == pytest.approx(0.01 * moved[0], rel=1e-3)
