"""LSGAN's networks: recorded numbers, the paper's figure, learning."""
from copy import deepcopy

import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import LSGANDiscriminator, LSGANGenerator
from mmgen.registry import MODULES


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('lsgan128')
    case.check('G', case.build('G', MODULES)(case.input('z')))
    case.check('D', case.build('D', MODULES)(case.input('x')))


def tiny_generator(**settings):
    torch.manual_seed(0)
    return LSGANGenerator(
        **dict(dict(output_scale=16, input_scale=4, base_channels=16,
                    noise_size=8), **settings))


def tiny_discriminator(**settings):
    torch.manual_seed(0)
    return LSGANDiscriminator(
        **dict(dict(input_scale=16, output_scale=4, base_channels=8),
               **settings))


def test_layout_is_the_papers():
    """Channels and stride of each layer in the figure."""
    with torch.device('meta'):
        g, d = LSGANGenerator(), LSGANDiscriminator()
    assert g.noise2feat_head[0].in_features == 1024
    assert [(block.conv.out_channels, block.conv.stride[0])
            for block in g.conv_blocks] == [
                (256, 2), (256, 1), (256, 2), (256, 1), (128, 2), (64, 2),
                (3, 1)]
    assert [(block.conv.out_channels, block.conv.stride[0])
            for block in d.conv_blocks] == [
                (64, 2), (128, 2), (256, 2), (512, 2)]
    assert {block.conv.kernel_size for block in g.conv_blocks} == {(3, 3)}
    assert {block.conv.kernel_size for block in d.conv_blocks} == {(5, 5)}
    assert [hasattr(block, 'bn') for block in d.conv_blocks] == [
        False, True, True, True]
    assert not hasattr(g.conv_blocks[-1], 'bn')


@pytest.mark.parametrize('scale, strides', [
    (32, [2, 2, 1]), (64, [2, 1, 2, 2, 1]),
    (256, [2, 1, 2, 1, 2, 1, 2, 2, 1])])
def test_other_resolutions_have_more_or_fewer_pairs(scale, strides):
    with torch.device('meta'):
        g = LSGANGenerator(scale)
    assert [block.conv.stride[0] for block in g.conv_blocks] == strides


def test_initialisation_is_dcgans():
    g, d = tiny_generator(base_channels=64), tiny_discriminator()
    for weight in (g.noise2feat_head[0].weight, g.conv_blocks[0].conv.weight,
                   d.conv_blocks[1].conv.weight):
        assert weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not d.decision[0].bias.any()


@pytest.mark.parametrize('norm', [
    dict(type='BN'), dict(type='GN', num_groups=2), None])
def test_both_networks_learn_and_can_be_copied(norm):
    g = tiny_generator(out_channels=1, default_norm_cfg=norm)
    d = tiny_discriminator(in_channels=1, default_norm_cfg=norm)
    images = g(None, num_batches=4)
    assert images.shape == (4, 1, 16, 16) and images.abs().max() <= 1
    d(images).square().sum().backward()
    for network in (g, d):
        assert all(p.grad.abs().sum() > 0 for p in network.parameters()
                   if p.ndim > 1)
        deepcopy(network).load_state_dict(network.state_dict())
    assert (g.conv_blocks[0].conv.bias is None) == (norm is not None)


def test_activations_are_those_of_the_config():
    act = dict(type='LeakyReLU', negative_slope=0.3)
    g = tiny_generator(default_act_cfg=act, out_act_cfg=None)
    d = tiny_discriminator(out_act_cfg=dict(type='Sigmoid'))
    slopes = [m.negative_slope for m in g.modules()
              if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.3] * 3
    assert not any(isinstance(m, nn.Tanh) for m in g.modules())
    x = torch.randn(2, 3, 16, 16)
    plain = tiny_discriminator()
    torch.testing.assert_close(d(x), plain(x).sigmoid())


def test_autocast_and_channels_last_change_nothing_but_precision():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z = torch.randn(2, 8)
    images = g(z)
    logits = d(images)
    last = deepcopy(g).to(memory_format=torch.channels_last)
    torch.testing.assert_close(last(z), images, rtol=1e-4, atol=1e-5)
    with torch.autocast('cpu', torch.bfloat16):
        torch.testing.assert_close(g(z).float(), images, rtol=0, atol=0.1)
        torch.testing.assert_close(
            d(images).float(), logits, rtol=0.05, atol=0.05)


def test_compiles_in_one_graph():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z = torch.randn(2, 8)
    images = torch.compile(g, backend='eager', fullgraph=True)(z)
    torch.testing.assert_close(images, g(z))
    logits = torch.compile(d, backend='eager', fullgraph=True)(images)
    torch.testing.assert_close(logits, d(images))


@pytest.mark.parametrize('make, words', [
    (lambda: LSGANGenerator(96),
     'LSGANGenerator: a side of 96 pixels cannot be had from 8 by doubling'),
    (lambda: LSGANGenerator(16),
     'LSGANGenerator: output_scale=16 is twice input_scale=8, but the last '
     'two layers double'),
    (lambda: LSGANDiscriminator(8), 'LSGANDiscriminator: a side of 8 pixels'),
    (lambda: LSGANGenerator(conv_cfg=dict(type='Conv2d')),
     'LSGANGenerator: conv_cfg=.* these layers are ConvTranspose2d only'),
    (lambda: LSGANDiscriminator(conv_cfg=dict(type='ConvTranspose2d')),
     'LSGANDiscriminator: conv_cfg=.* these layers are Conv2d only'),
    (lambda: tiny_generator()(torch.zeros(4, 64)),
     r'LSGANGenerator: noise has shape \[4, 64\], expected \[N, 8\]'),
    (lambda: tiny_discriminator()(torch.zeros(2, 3, 32, 32)),
     r'images have shape \[2, 3, 32, 32\], expected \[N, 3, 16, 16\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
