"""StyleGAN's networks: recorded numbers, AdaIN, growing, mixing."""
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from golden_numbers import GoldenCase

from mmgen.models import StyleGAN1Discriminator, StyleGANv1Generator
from mmgen.models.stylegan1.networks import AdaIN
from mmgen.registry import MODELS


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('stylegan1_64')
    g, d = case.build('G', MODELS), case.build('D', MODELS)
    z, z2, mean = (case.input(key) for key in ('z', 'z2', 'trunc_latent'))
    kept = dict(randomize_noise=False)
    case.check('W', g.style_mapping(z))
    case.check('G_mix3', g([z, z2], inject_index=3, **kept))
    case.check('G_trunc', g(z, truncation=0.5, truncation_latent=mean, **kept))
    for scale in (4, 8, 16, 32, 64):
        for weight in (1.0, 0.4):
            growth = dict(curr_scale=scale, transition_weight=weight)
            name = f's{scale}_w{weight}'
            if f'G_{name}' in case.expected:
                case.check(f'G_{name}', g(z, **kept, **growth))
            if f'D_{name}' in case.expected:
                x = case.input(f'x{scale}')
                case.check(f'D_{name}', d(x, **growth))


def generator(**settings):
    torch.manual_seed(0)
    return StyleGANv1Generator(**dict(
        dict(out_size=16, style_channels=6, num_mlps=2, max_channels=8),
        **settings))


def discriminator(**settings):
    torch.manual_seed(0)
    return StyleGAN1Discriminator(**dict(
        dict(in_size=16, max_channels=8), **settings))


def test_adain_sets_mean_and_deviation():
    torch.manual_seed(0)
    layer = AdaIN(3, 5)
    x, w = 4 + 2 * torch.randn(2, 3, 8, 8), torch.randn(2, 5)
    scale, shift = (w @ layer.affine.weight_orig.T * (2 / 5)**0.5
                    + torch.tensor([1., 1, 1, 0, 0, 0])).chunk(2, 1)
    y = layer(x, w)
    torch.testing.assert_close(y.mean((2, 3)), shift, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        y.std((2, 3), correction=0), scale.abs(), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_new_resolution_starts_as_the_old_one_upsampled():
    g, z = generator(), torch.randn(2, 6)
    kept = dict(randomize_noise=False)
    small, new = (
        g(z, curr_scale=scale, transition_weight=weight, **kept)
        for scale, weight in ((8, 1.0), (16, 0.0)))
    torch.testing.assert_close(new, F.interpolate(small, scale_factor=2))


@torch.no_grad()
@pytest.mark.parametrize('scale', [4, 8, 16])
def test_discriminator_at_each_side_and_while_it_fades_in(scale):
    """1.x stopped at 4x4 pixels, and in the transition to 8x8."""
    d, x = discriminator(), torch.randn(4, 3, scale, scale)
    assert d(x, curr_scale=scale).shape == (4, 1)
    if scale > 4:
        torch.testing.assert_close(
            d(x, curr_scale=scale, transition_weight=0.0),
            d(F.avg_pool2d(x, 2), curr_scale=scale // 2))


def test_layers_out_of_use_get_no_gradient():
    g, d = generator(), discriminator()
    growth = dict(curr_scale=8, transition_weight=0.5)
    d(g(torch.randn(4, 6), **growth), **growth).sum().backward()
    idle = {
        name.rsplit('.conv')[0].rsplit('.adain')[0].rsplit('.noise')[0]
        for net in (g, d) for name, p in net.named_parameters()
        if p.grad is None
    }
    assert {'.'.join(name.split('.')[:2]) for name in idle} == {
        'convs.2', 'to_rgbs.2', 'convs.0', 'from_rgb.0'}


def test_layers_take_their_own_styles():
    """A change of the style of layer l changes the image from there on."""
    g = generator().eval()
    ws = g(torch.randn(1, 6), return_latents=True)['latent']
    kept = dict(input_is_latent=True, randomize_noise=False)
    for layer in range(6):
        other = ws.clone()
        other[:, layer] += 1
        for index, scale in enumerate((4, 8, 16)):
            same = torch.equal(
                g(ws, curr_scale=scale, **kept),
                g(other, curr_scale=scale, **kept))
            assert same == (layer >= 2 * index + 2)


def test_second_style_begins_among_the_layers_in_use():
    torch.manual_seed(0)
    g = generator()
    for scale, last in ((4, 1), (8, 3), (-1, 5)):
        drawn = {g.draw_inject_index(curr_scale=scale) for _ in range(60)}
        assert drawn == set(range(1, last + 1))


def test_noise_maps_reach_their_places():
    g = generator().eval()
    for module in g.modules():
        if type(module).__name__ == 'NoiseInjection':
            torch.nn.init.ones_(module.weight)
    z = torch.randn(2, 6)
    kept = g(z, randomize_noise=False)
    given = [getattr(g, f'injected_noise_{i}') for i in range(6)]
    assert torch.equal(g(z, injected_noise=given), kept)
    assert not torch.allclose(g(z), g(z))
    assert [m.shape[-1] for m in given] == [4, 4, 8, 8, 16, 16]
    changed = [*given[:5], given[5] + 1]
    assert not torch.allclose(g(z, injected_noise=changed), kept)


def test_no_statistic_over_the_batch():
    d, x = discriminator(mbstd_cfg=None), torch.randn(3, 3, 16, 16)
    assert d.convs[-1][0].conv.in_channels == 8
    torch.testing.assert_close(d(x)[:1], d(x[:1]))


@pytest.mark.parametrize('call, words', [
    (lambda: generator(out_size=2048), 'side of 2048 has no channel table'),
    (lambda: generator()(torch.zeros(1, 6), curr_scale=32),
     'StyleGANv1Generator: curr_scale=32, expected one of 4, 8, 16'),
    (lambda: discriminator()(torch.zeros(1, 3, 8, 8)),
     r'StyleGAN1Discriminator: images have shape \[1, 3, 8, 8\]'),
])
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_copies_and_meta_device():
    g, z = generator().eval(), torch.randn(2, 6)
    kept = dict(randomize_noise=False)
    assert torch.equal(deepcopy(g)(z, **kept), g(z, **kept))
    with torch.device('meta'):
        assert generator()(torch.randn(2, 6)).shape == (2, 3, 16, 16)
        assert discriminator()(torch.randn(4, 3, 16, 16)).shape == (4, 1)
