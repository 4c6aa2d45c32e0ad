"""WGAN-GP's networks: recorded numbers, the formulas, learning."""
from copy import deepcopy

import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import (ConvLNModule, WGANGPDiscriminator, WGANGPGenerator,
                          WGANNoiseTo2DFeat)
from mmgen.registry import MODULES

LN, GN = dict(type='LN2d'), dict(type='GN')


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('wgangp128')
    case.check('G', case.build('G', MODULES)(case.input('z')))
    case.check('D', case.build('D', MODULES)(case.input('x')))


def tiny_generator(**settings):
    torch.manual_seed(0)
    return WGANGPGenerator(
        **dict(dict(noise_size=8, out_scale=16, base_channels=2), **settings))


def tiny_discriminator(**settings):
    torch.manual_seed(0)
    return WGANGPDiscriminator(
        **dict(dict(in_channel=3, in_scale=16, base_channels=2), **settings))


# ----------------------------------------------------------------- the layers


def randomised(module):
    """With a scale and a shift that are not 1 and 0."""
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize('norm', [LN, GN])
def test_normalises_each_image_over_channels_and_pixels(norm):
    layer = randomised(
        ConvLNModule(2, 3, 3, padding=1, norm_cfg=norm,
                     feature_shape=(3, 4, 5), act_cfg=None))
    x = torch.randn(2, 2, 4, 5)
    h = layer.conv(x)
    for image, found in zip(h, layer(x)):
        deviation = image - image.mean()
        expected = deviation / (deviation.square().mean() + 1e-5).sqrt()
        part = layer.LN2d if norm is LN else layer.GN
        shape = (3, 4, 5) if norm is LN else (3, 1, 1)
        expected = expected * part.weight.view(shape) + part.bias.view(shape)
        torch.testing.assert_close(found, expected)


def test_groups_of_channels():
    layer = ConvLNModule(
        2, 6, 1, norm_cfg=dict(type='GN', num_groups=3, eps=1e-3))
    assert layer.GN.num_groups == 3 and layer.GN.eps == 1e-3


@pytest.mark.parametrize('order', [
    ('conv', 'norm', 'act'), ('conv', 'act', 'norm'), ('act', 'conv', 'norm')])
def test_parts_follow_in_their_order(order):
    layer = ConvLNModule(2, 3, 1, norm_cfg=GN, order=order)
    by_part = dict(conv=layer.conv, norm=layer.GN, act=nn.ReLU())
    x = expected = torch.randn(2, 2, 4, 4)
    for part in order:
        expected = by_part[part](expected)
    torch.testing.assert_close(layer(x.clone()), expected)


def test_without_a_normalisation():
    layer = ConvLNModule(2, 3, 3, bias=False, stride=2)
    assert list(layer.state_dict()) == ['conv.weight']
    x = torch.randn(2, 2, 5, 5)
    torch.testing.assert_close(layer(x), layer.conv(x).relu())


@pytest.mark.parametrize('order', [
    ('linear', 'act', 'norm'), ('linear', 'norm', 'act')])
def test_noise_to_feature_map(order):
    layer = randomised(WGANNoiseTo2DFeat(5, 3, order=order)).eval()
    z = torch.randn(2, 5)
    h = torch.einsum('cijz,nz->ncij', layer.linear.weight.view(3, 4, 4, 5), z)
    h = h + layer.bias
    expected = layer.norm(h.relu()) if order[-1] == 'norm' \
        else layer.norm(h).relu()
    torch.testing.assert_close(layer(z), expected)


def test_noise_to_feature_map_alone():
    layer = WGANNoiseTo2DFeat(5, 3, act_cfg=None, norm_cfg=None)
    assert set(layer.state_dict()) == {'linear.weight', 'bias'}
    assert layer(torch.randn(2, 5)).min() < 0


# --------------------------------------------------------------- the networks


def convolutions(network, kind):
    return [block.conv for block in network.conv_blocks
            if isinstance(block, kind)]


def test_widths_are_those_of_the_published_checkpoints():
    with torch.device('meta'):
        g, d = WGANGPGenerator(128, 128), WGANGPDiscriminator(3, 128)
    up = [512, 512, 512, 256, 256, 128, 128, 64, 64, 32, 32]
    down = [32, 64, 64, 128, 128, 256, 256, 512, 512, 512]
    assert [c.out_channels
            for c in convolutions(g, nn.Sequential)] == up
    assert [c.out_channels for c in convolutions(d, ConvLNModule)] == down


def test_base_channels_scale_all_widths():
    g, d = tiny_generator(), tiny_discriminator()
    assert [c.out_channels for c in convolutions(g, nn.Sequential)] == [
        32, 32, 32, 16, 16]
    assert [c.out_channels for c in convolutions(d, ConvLNModule)] == [
        16, 32, 32, 32]
    assert d.from_rgb.conv.out_channels == 16


def test_layer_norm_has_the_shape_of_each_feature_map():
    d = tiny_discriminator()
    shapes = [tuple(block.LN2d.weight.shape) for block in d.conv_blocks
              if isinstance(block, ConvLNModule)]
    assert shapes == [(16, 16, 16), (32, 16, 16), (32, 8, 8), (32, 8, 8)]
    assert d.decision.conv.LN2d.weight.shape == (32, 1, 1)


def test_an_image_is_judged_without_regard_to_the_others():
    d = tiny_discriminator()
    x = torch.randn(3, 3, 16, 16)
    torch.testing.assert_close(
        d(x), torch.cat([d(image[None]) for image in x]))


def test_conv_module_cfg_changes_what_it_names():
    cfg = dict(act_cfg=dict(type='ELU'), bias=False)
    g = tiny_generator(conv_module_cfg=cfg)
    d = tiny_discriminator(conv_module_cfg=dict(cfg, norm_cfg=None))
    for network in (g, d):
        assert any(isinstance(m, nn.ELU) for m in network.modules())
        assert all(c.kernel_size == (3, 3) and c.bias is None
                   for c in convolutions(network, nn.Sequential))
    assert isinstance(g.conv_blocks[0].bn, nn.BatchNorm2d)
    assert not any(isinstance(m, nn.LayerNorm) for m in d.modules())
    assert cfg == dict(act_cfg=dict(type='ELU'), bias=False)


def test_upsampling_is_that_of_the_config():
    z = torch.randn(2, 8)
    images = [tiny_generator(upsample_cfg=cfg).eval()(z) for cfg in (
        None, dict(type='nearest', scale_factor=2),
        dict(type='bilinear', scale_factor=2))]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


def test_initialisation_is_hes():
    g, d = tiny_generator(base_channels=8), tiny_discriminator(base_channels=8)
    for layer, fan_in in ((g.noise2feat.linear, 8),
                          (g.conv_blocks[0].conv, 128 * 9),
                          (d.conv_blocks[0].conv, 64 * 9)):
        assert layer.weight.std().item() == pytest.approx(
            (2 / fan_in)**0.5, rel=0.03)
    assert not d.decision.linear.bias.any()


@pytest.mark.parametrize('norm', [LN, GN])
def test_both_networks_learn_and_can_be_copied(norm):
    g = tiny_generator(out_channels=1)
    d = tiny_discriminator(in_channel=1, conv_module_cfg=dict(norm_cfg=norm))
    images = g(None, num_batches=4)
    assert images.shape == (4, 1, 16, 16) and images.abs().max() <= 1
    logits = d(images)
    assert logits.shape == (4, 1)
    logits.square().sum().backward()
    for network in (g, d):
        assert all(p.grad.abs().sum() > 0 for name, p in
                   network.named_parameters() if name.endswith('weight'))
        deepcopy(network).load_state_dict(network.state_dict())


@pytest.mark.parametrize('scale', [4, 8, 32])
def test_resolutions(scale):
    g = tiny_generator(out_scale=scale, base_channels=1)
    d = tiny_discriminator(in_scale=scale, base_channels=1)
    images = g(None, num_batches=2)
    assert images.shape == (2, 3, scale, scale)
    assert d(images).shape == (2, 1)


def test_autocast_and_channels_last_change_nothing_but_precision():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z = torch.randn(2, 8)
    images = g(z)
    logits = d(images)
    for network, inputs, expected in ((g, z, images), (d, images, logits)):
        last = deepcopy(network).to(memory_format=torch.channels_last)
        torch.testing.assert_close(
            last(inputs), expected, rtol=1e-4, atol=1e-5)
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
    (lambda: WGANGPGenerator(8, 96),
     'WGANGPGenerator: out_scale=96 has no channel table; known: 4, 8, 16, '
     '32, 64, 128.'),
    (lambda: WGANGPDiscriminator(3, 256),
     'WGANGPDiscriminator: in_scale=256 has no channel table; known: 4, 8'),
    (lambda: tiny_generator(conv_module_cfg=dict(conv_cfg=dict(type='DCN'))),
     'WGANGPGenerator: conv_cfg=.* these layers are Conv2d only'),
    (lambda: ConvLNModule(2, 3, 1, conv_cfg=dict(type='DCN')),
     'ConvLNModule: conv_cfg=.* these layers are Conv2d only'),
    (lambda: ConvLNModule(2, 3, 1, norm_cfg=dict(type='BN')),
     "ConvLNModule: norm_cfg has type='BN', expected 'LN2d' or 'GN'; "
     'statistics over a batch do not go with the gradient penalty'),
    (lambda: ConvLNModule(2, 3, 1, norm_cfg=LN),
     r'ConvLNModule: LN2d needs feature_shape, the \[C, H, W\]'),
    (lambda: ConvLNModule(2, 3, 1, order=('norm', 'conv', 'act')),
     "expected 'conv' before 'norm'"),
    (lambda: ConvLNModule(2, 3, 1, order=('conv', 'act')),
     r"ConvLNModule: order=\('conv', 'act'\), expected each of"),
    (lambda: WGANNoiseTo2DFeat(2, 3, order=('norm', 'linear', 'act')),
     "no channels to be normalised: expected 'linear' first"),
    (lambda: WGANNoiseTo2DFeat(2, 3, order=('linear', 'act')),
     'WGANNoiseTo2DFeat: order=.* expected each of'),
    (lambda: tiny_generator()(torch.zeros(4, 64)),
     r'WGANGPGenerator: noise has shape \[4, 64\], expected \[N, 8\]'),
    (lambda: tiny_discriminator()(torch.zeros(2, 1, 16, 16)),
     r'images have shape \[2, 1, 16, 16\], expected \[N, 3, 16, 16\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
