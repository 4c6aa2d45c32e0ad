"""DCGAN's networks: recorded numbers, learning."""
import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import DCGANDiscriminator, DCGANGenerator
from mmgen.registry import MODULES


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('dcgan64')
    z, x = case.input('z'), case.input('x')
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    case.check('G', g(z))
    case.check('G_noise4d', g(z[:, :, None, None]))
    case.check('D', d(x))
    case.check('G_train', g.train()(z))
    case.check('D_train', d.train()(x))


def test_initialisation_is_the_papers():
    torch.manual_seed(0)
    g = DCGANGenerator(16, base_channels=128)
    weight = g.noise2feat.conv.weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert weight.mean().item() == pytest.approx(0, abs=1e-3)
    scales = g.noise2feat.bn.weight
    assert scales.mean().item() == pytest.approx(1, abs=0.01)
    assert scales.std().item() == pytest.approx(0.02, rel=0.3)


def test_both_networks_learn():
    torch.manual_seed(0)
    g = DCGANGenerator(16, out_channels=1, base_channels=16, noise_size=8)
    d = DCGANDiscriminator(16, 4, 1, in_channels=1, base_channels=8)
    images = g(None, num_batches=4)
    assert images.shape == (4, 1, 16, 16) and images.abs().max() <= 1
    d(images).sum().backward()
    for network in (g, d):
        assert all(p.grad.abs().sum() > 0 for p in network.parameters()
                   if p.ndim > 1)


def test_other_norms_and_activations():
    g = DCGANGenerator(
        32,
        base_channels=16,
        noise_size=8,
        input_scale=8,
        default_norm_cfg=dict(type='GN', num_groups=4),
        default_act_cfg=dict(type='LeakyReLU', negative_slope=0.2),
        out_act_cfg=None)
    assert isinstance(g.noise2feat.gn, nn.GroupNorm)
    assert g.upsampling[0].activate.negative_slope == 0.2
    assert g(torch.randn(2, 8)).shape == (2, 3, 32, 32)
    plain = DCGANGenerator(16, base_channels=16, default_norm_cfg=None)
    assert plain.noise2feat.conv.bias is not None


@pytest.mark.parametrize('make, words', [
    (lambda: DCGANGenerator(48),
     'DCGANGenerator: a side of 48 pixels cannot be had from 4 by doubling'),
    (lambda: DCGANDiscriminator(4, 4, 1), 'DCGANDiscriminator: a side of 4 p'),
    (lambda: DCGANGenerator(16, base_channels=8)(torch.zeros(4, 64)),
     r'DCGANGenerator: noise has shape \[4, 64\], expected \[N, 100\] '
     r'\(noise_size=100 from the config\)\.'),
    (lambda: DCGANDiscriminator(16, 4, 1, base_channels=8)(
        torch.zeros(2, 1, 16, 16)),
     r'images have shape \[2, 1, 16, 16\], expected \[N, 3, 16, 16\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
