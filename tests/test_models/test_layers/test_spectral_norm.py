"""Spectral norm divides by the largest singular value, in both styles."""
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgen.models.layers import (LayerMaker, SNConv2d, SNEmbedding, SNLinear,
                                 raw_weight)

STYLES = ('torch', 'ajbrock')


def make(kind, style):
    settings = dict(sn_style=style, sn_eps=1e-12)
    if kind == 'conv':
        layer = SNConv2d(3, 5, 3, padding=1, **settings)
        return layer, torch.randn(2, 3, 4, 4)
    if kind == 'linear':
        return SNLinear(6, 5, **settings), torch.randn(2, 6)
    return SNEmbedding(7, 4, **settings), torch.tensor([0, 6])


@pytest.mark.parametrize('style', STYLES)
@pytest.mark.parametrize('kind', ['conv', 'linear', 'embedding'])
def test_sigma_becomes_the_largest_singular_value(kind, style):
    torch.manual_seed(0)
    layer, x = make(kind, style)
    for _ in range(300):
        layer(x)
    matrix = raw_weight(layer).detach().flatten(1)
    sigma = torch.linalg.svdvals(matrix)[0]
    for module in (layer, layer.eval()):
        ratio = matrix / module.normalized_weight().detach().flatten(1)
        torch.testing.assert_close(ratio, sigma.expand_as(ratio))
    if style == 'ajbrock':
        torch.testing.assert_close(layer.sv0, sigma[None])


@pytest.mark.parametrize('style', STYLES)
def test_forward_uses_the_divided_weight(style):
    torch.manual_seed(0)
    layer, x = make('conv', style)
    layer.eval()
    expected = F.conv2d(x, layer.normalized_weight(), layer.bias, padding=1)
    torch.testing.assert_close(layer(x), expected)
    layer, x = make('embedding', style)
    layer.eval()
    torch.testing.assert_close(layer(x), layer.normalized_weight()[x])


def test_torch_style_equals_torch():
    torch.manual_seed(0)
    ours = SNConv2d(3, 5, 3, sn_style='torch', sn_eps=1e-6)
    theirs = nn.utils.spectral_norm(nn.Conv2d(3, 5, 3), eps=1e-6)
    assert set(ours.state_dict()) == set(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 6, 6)
    for _ in range(3):
        for a, b in zip(ours.parameters(), theirs.parameters()):
            a.grad = b.grad = None
        out, expected = ours(x), theirs(x)
        torch.testing.assert_close(out, expected)
        out.square().sum().backward()
        expected.square().sum().backward()
        torch.testing.assert_close(
            ours.weight_orig.grad, theirs.weight_orig.grad)
        torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_ajbrock_style_is_one_step_of_power_iteration():
    torch.manual_seed(0)
    layer = SNLinear(4, 3, sn_style='ajbrock', sn_eps=1e-12)
    assert set(layer.state_dict()) == {'weight', 'bias', 'u0', 'sv0'}
    weight, u0 = layer.weight.detach().clone(), layer.u0.clone()
    v = weight.T @ u0[0]
    v = v / v.norm()
    sigma = (weight @ v).norm()
    layer.eval()
    torch.testing.assert_close(layer.normalized_weight(), weight / sigma)
    torch.testing.assert_close(layer.u0, u0)
    assert layer.sv0.item() == 1
    layer.train()
    torch.testing.assert_close(layer.normalized_weight(), weight / sigma)
    torch.testing.assert_close(layer.u0[0], weight @ v / sigma)
    torch.testing.assert_close(layer.sv0, sigma[None])


@pytest.mark.parametrize('style', STYLES)
def test_gradient_is_that_of_the_quotient(style):
    torch.manual_seed(0)
    layer = SNLinear(4, 3, sn_style=style).double().eval()
    weight = raw_weight(layer)

    def quotient(value):
        with torch.no_grad():
            weight.copy_(value)
        return layer.normalized_weight().detach()

    # For fixed u and v: dW / sigma - W (u^T dW v) / sigma^2.
    for _ in range(500):  # the vectors must have settled, else eval moves u
        layer.train().normalized_weight()
    layer.eval()
    start, direction = weight.detach().clone(), torch.randn(3, 4).double()
    out = layer.normalized_weight()
    grad, = torch.autograd.grad((out * out.detach().sign()).sum(), weight)
    step = 1e-6
    sign = out.detach().sign()
    change = (quotient(start + step * direction)
              - quotient(start - step * direction)) / (2 * step)
    torch.testing.assert_close(
        (grad * direction).sum(), (change * sign).sum(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize('style', STYLES)
def test_two_forwards_before_one_backward(style):
    torch.manual_seed(0)
    layer, x = make('linear', style)
    (layer(x).sum() + layer(2 * x).sum()).backward()
    assert raw_weight(layer).grad.abs().sum() > 0


@pytest.mark.parametrize('style', STYLES)
def test_copy_after_a_forward(style):
    layer, x = make('conv', style)
    layer(x)
    copy = deepcopy(layer)
    torch.testing.assert_close(copy.eval()(x), layer.eval()(x))


@pytest.mark.parametrize('style', STYLES)
def test_autocast_leaves_the_iteration_in_full_precision(style):
    torch.manual_seed(0)
    layer, x = make('linear', style)
    copy = deepcopy(layer)
    layer(x)
    with torch.autocast('cpu', torch.bfloat16):
        assert copy(x).dtype == torch.bfloat16
    torch.testing.assert_close(copy.state_dict(), layer.state_dict())


def test_maker_without_spectral_norm_makes_plain_layers():
    layers = LayerMaker(with_spectral_norm=False)
    assert type(layers.conv(2, 3, 3)) is nn.Conv2d
    assert type(layers.linear(2, 3)) is nn.Linear
    assert type(layers.embedding(2, 3)) is nn.Embedding


def test_unknown_style_is_refused():
    with pytest.raises(ValueError, match="SNLinear: sn_style='brock', expec"):
        SNLinear(2, 3, sn_style='brock')
