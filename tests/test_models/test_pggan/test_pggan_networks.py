"""PGGAN's networks: recorded numbers, growing, labels."""
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from golden_numbers import GoldenCase

from mmgen.models import (PGGANDiscriminator, PGGANGenerator,
                          PGGANNoiseTo2DFeat, PixelNorm)
from mmgen.registry import MODELS

SCALES = (4, 8, 16, 32, 64)


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('pggan64')
    g, d = case.build('G', MODELS), case.build('D', MODELS)
    z = case.input('z')
    case.check('G', g(z))
    for scale in SCALES:
        x = case.input(f'x{scale}')
        for weight in (1.0, 0.3):
            growth = dict(curr_scale=scale, transition_weight=weight)
            case.check(f'G_s{scale}_w{weight}', g(z, **growth))
            case.check(f'D_s{scale}_w{weight}', d(x, **growth))


def generator(**settings):
    torch.manual_seed(0)
    return PGGANGenerator(**dict(
        dict(noise_size=6, out_scale=16, max_channels=8), **settings))


def discriminator(**settings):
    torch.manual_seed(0)
    return PGGANDiscriminator(**dict(
        dict(in_scale=16, max_channels=8), **settings))


def test_widths_are_the_papers():
    """Table 2: 512 up to 32x32, then halved at each side."""
    with torch.device('meta'):
        g, d = PGGANGenerator(512, 1024), PGGANDiscriminator(1024)
    widths = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert [layer.conv.in_channels for layer in g.torgb_layers] == widths
    assert [layer.conv.out_channels for layer in d.fromrgb_layers] == widths
    decayed = PGGANGenerator(4, 16, base_channels=64, channel_decay=2.0)
    assert [layer.conv.in_channels
            for layer in decayed.torgb_layers] == [16, 4, 1]


def test_noise_becomes_a_normalised_map():
    torch.manual_seed(0)
    layer, z = PGGANNoiseTo2DFeat(6, 5), torch.randn(3, 6)
    torch.nn.init.normal_(layer.bias)
    weight = layer.linear.weight_orig * 2**0.5 / 4 / 6**0.5
    x = (PixelNorm()(z) @ weight.T).view(3, 5, 4, 4) + layer.bias
    torch.testing.assert_close(layer(z), PixelNorm()(F.leaky_relu(x, 0.2)))


def test_noise_map_without_normalisation_and_in_another_order():
    z = torch.randn(3, 6)
    torch.manual_seed(0)
    plain = PGGANNoiseTo2DFeat(
        6, 5, act_cfg=None, norm_cfg=None, normalize_latent=False)
    torch.testing.assert_close(plain(3 * z), 3 * plain(z))
    torch.manual_seed(0)
    other = PGGANNoiseTo2DFeat(
        6, 5, normalize_latent=False, order=('linear', 'norm', 'act'))
    torch.testing.assert_close(
        other(z), F.leaky_relu(PixelNorm()(plain(z)), 0.2))
    with pytest.raises(ValueError, match="expected 'linear' first"):
        PGGANNoiseTo2DFeat(6, 5, order=('act', 'linear', 'norm'))


@torch.no_grad()
@pytest.mark.parametrize('fused', [True, False])
def test_a_new_resolution_starts_as_the_old_one_upsampled(fused):
    g = generator(fused_upconv=fused)
    z = torch.randn(2, 6)
    small, new, both = (
        g(z, curr_scale=scale, transition_weight=weight)
        for scale, weight in ((8, 1.0), (16, 0.0), (16, 0.25)))
    torch.testing.assert_close(new, F.interpolate(small, scale_factor=2))
    torch.testing.assert_close(both, 0.75 * new + 0.25 * g(z))
    d = discriminator(fused_convdown=fused)
    x = torch.randn(4, 3, 16, 16)
    torch.testing.assert_close(
        d(x, transition_weight=0.0), d(F.avg_pool2d(x, 2), curr_scale=8))


@pytest.mark.parametrize('fused', [True, False])
def test_layers_out_of_use_get_no_gradient(fused):
    g = generator(fused_upconv=fused)
    d = discriminator(fused_convdown=fused)
    growth = dict(curr_scale=8, transition_weight=0.5)
    d(g(torch.randn(4, 6), **growth), **growth).sum().backward()
    unused = [
        f'{name}.{index}' for net in (g, d)
        for name in ('torgb_layers', 'fromrgb_layers', 'conv_blocks')
        for index, layer in enumerate(getattr(net, name, []))
        if layer.conv.weight_orig.grad is None
    ]
    # The discriminator's first convolution is in published weights only.
    assert unused == ['torgb_layers.2', 'conv_blocks.3', 'conv_blocks.4',
                      'fromrgb_layers.2', 'conv_blocks.0', 'conv_blocks.3',
                      'conv_blocks.4']


def test_settings_reach_the_convolutions():
    tanh = dict(act_cfg=dict(type='Tanh'))
    g = generator(conv_module_cfg=dict(type='EqualizedLRConvModule', **tanh),
                  fused_upconv_cfg=dict(norm_cfg=None))
    up, conv = g.conv_blocks[1], g.conv_blocks[2]
    assert [type(part).__name__ for part in conv] == [
        'EqualizedLRConv2d', 'Tanh', 'PixelNorm']
    assert [type(part).__name__ for part in up] == ['FusedUpConv2d', 'Tanh']
    g = generator(fused_upconv=False,
                  upsample_cfg=dict(type='bilinear', scale_factor=2))
    assert g.upsample.mode == g.conv_blocks[1].upsample.mode == 'bilinear'
    d = discriminator(mbstd_cfg=None, in_channels=1,
                      conv_module_cfg=tanh,
                      fused_convdown_cfg=dict(bias=False),
                      fromrgb_layer_cfg=dict(act_cfg=None))
    assert d.decision.linear0.in_features == 8 * 16
    assert [type(part).__name__ for part in d.conv_blocks[2]] == [
        'FusedDownConv2d', 'Tanh']
    assert d.conv_blocks[2].conv.bias is None
    assert len(d.fromrgb_layers[0]) == 1
    assert d(torch.randn(3, 1, 16, 16)).shape == (3, 1)


def test_statistic_over_the_batch_is_seen():
    d = discriminator()
    x = torch.randn(4, 3, 16, 16)
    others = torch.cat([x[:1], torch.randn(3, 3, 16, 16)])
    assert not torch.allclose(d(x)[0], d(others)[0])
    plain = discriminator(mbstd_cfg=None)
    torch.testing.assert_close(plain(x)[0], plain(others)[0])


def test_labels_are_one_hot_behind_the_noise():
    g, z = generator(label_size=3), torch.randn(2, 6)
    assert g.noise2feat.linear.in_features == 9
    vectors = torch.tensor([[0., 1, 0], [0, 0, 1]])
    torch.testing.assert_close(g(z, [1, 2]), g(z, vectors))
    assert not torch.allclose(g(z, [1, 2]), g(z, [0, 2])[:1])
    whole = generator(noise_size=9)
    whole.load_state_dict(g.state_dict())
    torch.testing.assert_close(
        whole(torch.cat([z, vectors], 1)), g(z, [1, 2]))
    assert g(None, num_batches=2, return_noise=True)['label'].shape == (2, )


def test_discriminator_with_labels_names_the_class_too():
    logits, classes = discriminator(label_size=3)(torch.randn(4, 3, 16, 16))
    assert logits.shape == (4, 1) and classes.shape == (4, 3)


@pytest.mark.parametrize('call, words', [
    (lambda: generator()(torch.randn(2, 6), curr_scale=12),
     'PGGANGenerator: curr_scale=12, expected one of 4, 8, 16'),
    (lambda: discriminator()(torch.randn(2, 3, 16, 16), curr_scale=8),
     r'PGGANDiscriminator: images have shape \[2, 3, 16, 16\], expected '
     r'\[N, 3, 8, 8\]'),
    (lambda: generator(out_scale=12), 'PGGANGenerator: a side of 12 pixels'),
])
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_smallest_network_and_copies():
    g, d = generator(out_scale=4), discriminator(in_scale=4)
    z = torch.randn(4, 6)
    assert g(z).shape == (4, 3, 4, 4) and d(g(z)).shape == (4, 1)
    assert torch.equal(deepcopy(g)(z), g(z))
    with torch.device('meta'):
        assert generator()(torch.randn(2, 6)).shape == (2, 3, 16, 16)
