"""Initialisations have the promised statistics."""
import pytest
import torch
from torch import nn

from mmgen.models.layers import (InitStyle, LayerMaker, init_style,
                                 init_weights, init_with_gain, raw_weight)


def network(**settings):
    layers = LayerMaker(**settings)
    return nn.Sequential(
        layers.conv(16, 32, 3), layers.linear(64, 32),
        layers.embedding(10, 40))


@pytest.mark.parametrize('style', ['torch', 'ajbrock', None])
def test_ortho_rows_are_orthonormal(style):
    settings = dict(sn_style=style) if style else dict(
        with_spectral_norm=False)
    net = network(**settings)
    init_weights(net, 'ortho')
    for layer in net:
        matrix = raw_weight(layer).detach().flatten(1)
        torch.testing.assert_close(
            matrix @ matrix.T, torch.eye(len(matrix)), atol=1e-5, rtol=0)
    assert net[0].bias.abs().sum() == 0


def test_n02_and_xavier():
    torch.manual_seed(0)
    net = network()
    init_weights(net, 'N02')
    assert net[0].weight.std().item() == pytest.approx(0.02, rel=0.05)
    init_weights(net, 'xavier')
    bound = (6 / (64 + 32))**0.5
    largest = net[1].weight.abs().max().item()
    assert 0.98 * bound < largest <= bound


def test_meta_weights_are_passed_over():
    with torch.device('meta'):
        net = network()
    init_weights(net, 'ortho')
    assert net[0].weight.is_meta


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="init_type='he', expected one of"):
        init_weights(network(), 'he')


@pytest.mark.parametrize('name', ['ortho', 'N02', 'xavier'])
def test_gain_is_a_factor_of_the_weights(name):
    once, thrice = network(), network()
    for net, gain in ((once, 1.0), (thrice, 3.0)):
        torch.manual_seed(0)
        init_weights(net, name, gain)
    for one, three in zip(once, thrice):
        torch.testing.assert_close(3 * raw_weight(one), raw_weight(three))


@pytest.mark.parametrize('name, style', [
    ('SNGAN', InitStyle('xavier', 2**0.5)), ('SAGAN', InitStyle('xavier', 1)),
    ('BigGAN', InitStyle('ortho', 1)), ('studio', InitStyle('ortho', 1))])
def test_styles_by_name_in_any_case(name, style):
    for spelt in (name, name.lower(), name.upper()):
        assert init_style(dict(type=spelt), owner='Net') == style


def test_unknown_style_is_refused():
    with pytest.raises(ValueError, match="Net: init_cfg has type='he', expected"
                       " one of 'SNGAN', 'SAGAN', 'BigGAN', 'studio'"):
        init_style(dict(type='he'), owner='Net')


def test_init_with_gain():
    net = nn.Sequential(
        nn.Conv2d(16, 32, 3), nn.BatchNorm2d(400), nn.InstanceNorm2d(4))
    init_with_gain(net, dict(type='normal', gain=0.05))
    assert net[0].weight.std().item() == pytest.approx(0.05, rel=0.05)
    assert net[1].weight.mean().item() == pytest.approx(1, abs=0.01)
    assert net[1].weight.std().item() == pytest.approx(0.05, rel=0.2)
    assert not net[0].bias.any() and not net[1].bias.any()
    init_with_gain(net, dict(type='xavier', gain=0.5))
    assert net[0].weight.std().item() == pytest.approx(
        0.5 * (2 / (16 * 9 + 32 * 9))**0.5, rel=0.05)
    init_with_gain(net, dict(type='kaiming'))
    assert net[0].weight.std().item() == pytest.approx(
        (2 / (16 * 9))**0.5, rel=0.05)
    init_with_gain(net, dict(type='orthogonal', gain=2.0))
    matrix = net[0].weight.detach().flatten(1)
    torch.testing.assert_close(
        matrix @ matrix.T, 4 * torch.eye(32), atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match="type='N02', expected one of "
                       "'normal', 'xavier'"):
        init_with_gain(net, dict(type='N02'))
