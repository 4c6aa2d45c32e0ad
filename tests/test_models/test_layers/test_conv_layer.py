"""Convolution, normalisation and activation in every order."""
import itertools

import pytest
import torch
from torch import nn

from mmgen.models.layers import check_conv_cfg, conv_layer

PARTS = ('conv', 'norm', 'act')
LEAKY = dict(type='LeakyReLU', negative_slope=0.2)


@pytest.mark.parametrize('order', list(itertools.permutations(PARTS)))
def test_parts_follow_in_their_order_and_keep_their_names(order):
    conv = nn.Conv2d(2, 3, 3)
    layer = conv_layer(conv, dict(type='BN'), LEAKY, order)
    by_part = dict(conv=conv, norm=layer.bn, act=nn.LeakyReLU(0.2))
    x = torch.randn(2, 2, 5, 5)
    expected = x
    for part in order:
        expected = by_part[part](expected)
    before = x.clone()
    torch.testing.assert_close(layer(x), expected)
    assert torch.equal(x, before), 'the input was changed'
    assert {name.split('.')[0] for name in layer.state_dict()} == {
        'conv', 'bn'}


def test_transposed_convolutions_alone():
    conv = nn.ConvTranspose2d(2, 3, 3)
    layer = conv_layer(conv, None, None)
    x = torch.randn(2, 2, 5, 5)
    assert list(layer.state_dict()) == ['conv.weight', 'conv.bias']
    assert torch.equal(layer(x), conv(x))


@pytest.mark.parametrize('order', [
    ('conv', 'act'), ('conv', 'norm', 'norm'), ('conv', 'norm', 'relu')])
def test_other_orders_are_refused(order):
    with pytest.raises(
            ValueError, match=r"conv_layer: order=\('conv', .* expected each "
            "of 'conv', 'norm', 'act' once"):
        conv_layer(nn.Conv2d(2, 3, 3), None, None, order)


def test_other_convolutions_are_refused():
    check_conv_cfg(None, 'Conv2d', owner='D')
    check_conv_cfg(dict(type='Conv2d'), 'Conv2d', owner='D')
    with pytest.raises(
            ValueError, match=r"D: conv_cfg=\{'type': 'DCNv2'\}, but these "
            r"layers are Conv2d only. Leave conv_cfg out, or set dict\("):
        check_conv_cfg(dict(type='DCNv2'), 'Conv2d', owner='D')
