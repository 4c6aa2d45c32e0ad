"""MSPIE-StyleGAN2's networks: recorded numbers, sizes, what the head holds."""
import copy

import pytest
import torch
import torch.nn.functional as F
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import MSStyleGAN2Discriminator, MSStyleGANv2Generator
from mmgen.models.mspie.networks import InterpolatedConv2d
from mmgen.registry import MODULES

BILINEAR = dict(scale_factor=2, mode='bilinear', align_corners=True)
SPE = dict(type='SPE', embedding_dim=4, padding_idx=0)
CSG = dict(type='CSG')
NO_PAD = dict(deconv2conv=True, no_pad=True, interp_pad=4,
              head_pos_size=(6, 6), up_config=BILINEAR)


@pytest.mark.parametrize(
    'name', ['mspie_plain', 'mspie_c', 'mspie_spe', 'mspie_f'])
@torch.no_grad()
def test_recorded_numbers(name):
    case = GoldenCase(name)
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    for scale in (0, 2, 4):
        case.check(f'G_cs{scale}', g(
            case.input('z'), injected_noise=case.input(f'injected_cs{scale}'),
            chosen_scale=scale))
    for size in ('32_32', '48_48', '40_64'):
        case.check(f'D_{size}', d(case.input(f'x{size}')))


def tiny_generator(**settings):
    torch.manual_seed(0)
    return MSStyleGANv2Generator(
        **{**dict(out_size=16, style_channels=8, num_mlps=2, max_channels=8),
           **settings}).eval()


def tiny_discriminator(**settings):
    torch.manual_seed(0)
    return MSStyleGAN2Discriminator(
        **{**dict(in_size=16, max_channels=8), **settings})


def images(height, width, count=4):
    rng = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, height, width, generator=rng) * 2 - 1


# ---------------------------------------------------------------------- sizes


@pytest.mark.parametrize('settings', [
    dict(), dict(deconv2conv=True), NO_PAD,
    dict(deconv2conv=True, up_after_conv=True, head_pos_encoding=SPE),
    dict(NO_PAD, head_pos_encoding=CSG)])
@pytest.mark.parametrize('scale, size', [
    (0, (16, 16)), (2, (24, 24)), ((1, 3), (20, 28)), ((0, -2), (16, 8))])
def test_scale_makes_the_size(settings, scale, size):
    g = tiny_generator(**settings)
    assert g.image_size(scale) == size
    sides = []
    for layer in [g.conv1, *g.convs]:
        layer.noise_injector.register_forward_hook(
            lambda module, args, out: sides.append(tuple(out.shape[2:])))
    out = g(torch.randn(2, 8), chosen_scale=scale)
    assert out.shape == (2, 3, *size)
    assert sides == g.noise_sizes(scale)


def test_noise_without_padding_has_the_sizes_of_published_weights():
    g = tiny_generator(**NO_PAD)
    sides = [value.shape[-1] for key, value in g.state_dict().items()
             if key.startswith('injected_noise')]
    assert sides == [4, 10, 8, 18, 16]
    assert g(torch.randn(1, 8), randomize_noise=False).shape[-1] == 16


def test_given_noise_is_added():
    g = tiny_generator()
    nn.init.ones_(g.convs[1].noise_injector.weight)
    noise = [torch.randn(1, 1, *size) for size in g.noise_sizes((2, 0))]
    z = torch.randn(2, 8)
    first = g(z, injected_noise=noise, chosen_scale=(2, 0))
    assert torch.equal(first, g(z, injected_noise=noise, chosen_scale=(2, 0)))
    noise[2] = noise[2] + 1
    assert not torch.equal(
        first, g(z, injected_noise=noise, chosen_scale=(2, 0)))


# ----------------------------------------------------------------------- head


def test_constant_is_interpolated_and_keeps_its_corners():
    g = tiny_generator()
    head = g.make_head((7, 7), 2)
    assert head.shape == (2, 8, 7, 7)
    constant = g.constant_input.input
    # With three pixels more every second one is a pixel of the constant.
    torch.testing.assert_close(head[:1, :, ::2, ::2], constant)
    torch.testing.assert_close(
        head[:1, :, 0, 1], (constant[:, :, 0, 0] + constant[:, :, 0, 1]) / 2)
    assert torch.equal(g.make_head((4, 4), 1), constant)


def test_grid_goes_to_the_border_at_any_size():
    g = tiny_generator(head_pos_encoding=CSG)
    head = g.make_head((3, 5), 2)
    assert torch.equal(
        head[1, 0, 0], torch.tensor([-1, -0.5, 0, 0.5, 1]))
    assert torch.equal(head[1, 1, :, 0], torch.tensor([-1.0, 0, 1]))
    assert g.conv1.conv.weight_orig.shape == (8, 2, 3, 3)


def test_sines_are_continued_or_interpolated():
    on, between = (tiny_generator(head_pos_encoding=SPE, interp_head=flag)
                   for flag in (False, True))
    first = on.make_head((4, 4), 1)
    assert torch.equal(first, between.make_head((4, 4), 1))
    # The column's sine, positions from 1 on.
    positions = torch.arange(1, 8.0)
    longer = on.make_head((4, 7), 1)
    torch.testing.assert_close(longer[0, 0, 0], positions.sin())
    assert torch.equal(longer[..., :4], first)
    stretched = between.make_head((4, 7), 1)
    torch.testing.assert_close(stretched[..., ::2], first)
    assert not [key for key in on.state_dict() if 'constant_input' in key]


# --------------------------------------------------------------------- layers


def make_conv(**settings):
    torch.manual_seed(0)
    return InterpolatedConv2d(2, 3, 3, 4, **{**dict(
        padding=1, up=None, up_pad=0, up_last=False), **settings})


def test_convolution_and_interpolation_in_either_order():
    x, weight = torch.randn(1, 2, 5, 4), torch.randn(3, 2, 3, 3)
    up = dict(mode='bilinear', align_corners=True)

    def larger(images, more=0):
        size = [2 * side + more for side in images.shape[2:]]
        return F.interpolate(images, size, **up)

    first, last = (make_conv(up=up, up_last=flag) for flag in (False, True))
    torch.testing.assert_close(
        first.convolve(x, weight), F.conv2d(larger(x), weight, padding=1))
    torch.testing.assert_close(
        last.convolve(x, weight), larger(F.conv2d(x, weight, padding=1)))
    bare = make_conv(up=up, up_pad=4, padding=0)
    out = bare.convolve(x, weight)
    torch.testing.assert_close(out, F.conv2d(larger(x, 4), weight))
    assert out.shape[2:] == (12, 10)
    assert make_conv(padding=0).convolve(x, weight).shape[2:] == (3, 2)


def test_without_padding_no_pixel_knows_the_border():
    """A head that is the same everywhere gives an image that is so too."""
    bare = tiny_generator(**NO_PAD)
    padded = tiny_generator(deconv2conv=True, up_config=BILINEAR)
    for g, even in ((bare, True), (padded, False)):
        nn.init.ones_(g.constant_input.input)
        # The sum of the images pads where it upsamples: look at the features.
        seen = []
        g.convs[3].register_forward_hook(
            lambda module, args, out: seen.append(out))
        g(torch.randn(1, 8))
        spread = (seen[0] - seen[0][..., :1, :1]).abs().max()
        assert (spread < 1e-4) == even


# ------------------------------------------------------------ the discriminator


def test_pooled_discriminator_judges_any_size():
    d = tiny_discriminator(with_adaptive_pool=True, pool_size=(1, 2))
    assert d.final_linear[0].linear.weight_orig.shape == (8, 8 * 2)
    x = images(24, 40)
    h = d.final_conv(d.mbstd_layer(d.convs(x)))
    assert h.shape == (4, 8, 6, 10)
    pooled = torch.stack([h[..., :5].mean((2, 3)), h[..., 5:].mean((2, 3))], 2)
    torch.testing.assert_close(d(x), d.final_linear(pooled.flatten(1)))
    assert d(images(17, 4)).shape == (4, 1)


def test_unpooled_discriminator_is_stylegan2s():
    d = tiny_discriminator()
    assert d.only_size == (16, 16)
    assert tiny_discriminator(with_adaptive_pool=True).only_size is None
    assert d.final_linear[0].linear.weight_orig.shape == (8, 8 * 16)
    assert d(images(16, 16)).shape == (4, 1)
    pooled = tiny_discriminator(with_adaptive_pool=True, pool_size=4)
    pooled.load_state_dict(d.state_dict())
    torch.testing.assert_close(pooled(images(16, 16)), d(images(16, 16)))


# --------------------------------------------------------------------- general


@pytest.mark.parametrize('settings', [
    dict(), dict(NO_PAD), dict(NO_PAD, head_pos_encoding=SPE),
    dict(deconv2conv=True, up_after_conv=True, head_pos_encoding=CSG)])
def test_generator_is_copied_and_laid_out_as_any_other(settings):
    g = tiny_generator(**settings)
    other = copy.deepcopy(g).to(memory_format=torch.channels_last)
    z = torch.randn(2, 8)
    expected = g(z, randomize_noise=False)
    torch.testing.assert_close(other(z, randomize_noise=False), expected)
    with torch.autocast('cpu', torch.bfloat16):
        half = g(z, randomize_noise=False)
    assert half.dtype == torch.float32 and not torch.equal(half, expected)
    assert (half - expected).abs().max() < 0.05 * expected.abs().max()
    with torch.device('meta'):
        empty = MSStyleGANv2Generator(
            16, 8, num_mlps=2, max_channels=8, **settings)
    assert {key: value.shape for key, value in empty.state_dict().items()} \
        == {key: value.shape for key, value in g.state_dict().items()}


@pytest.mark.parametrize('make, words', [
    (lambda: tiny_generator(no_pad=True),
     'no_pad=True, interp_pad=None, up_after_conv=False without deconv2conv'),
    (lambda: tiny_generator(up_after_conv=True), 'set deconv2conv=True'),
    (lambda: tiny_generator(deconv2conv=True, no_pad=True),
     'interp_pad=None, up_after_conv=False do not double the resolution'),
    (lambda: tiny_generator(deconv2conv=True, interp_pad=2),
     'Expected none of them, up_after_conv alone, or no_pad with interp_pad=4'),
    (lambda: tiny_generator(**NO_PAD, up_after_conv=True),
     'up_after_conv=True do not double'),
    (lambda: tiny_generator(deconv2conv=True, up_config=dict(mode='area')),
     'up_config has scale_factor=None, expected 2'),
    (lambda: tiny_generator(**{**NO_PAD, 'head_pos_size': (2, 2)}),
     r'chosen_scale=0 leaves nothing of head_pos_size=\(2, 2\)'),
    (lambda: tiny_generator().image_size((1, 2, 3)),
     r'chosen_scale=\(1, 2, 3\), expected a whole number, or two'),
    (lambda: tiny_generator().image_size((0.5, 1)), 'expected a whole number'),
    (lambda: tiny_generator()(torch.randn(1, 8), randomize_noise=False,
                              chosen_scale=2),
     'randomize_noise=False, but noise is kept for chosen_scale=0 only'),
    (lambda: tiny_discriminator()(images(32, 32)),
     r'images have shape \[4, 3, 32, 32\], expected \[N, 3, 16, 16\]'),
    (lambda: tiny_discriminator(with_adaptive_pool=True)(images(3, 16)),
     r'\[4, 3, 3, 16\], expected \[N, 3, H, W\] with sides of at least 4'),
    (lambda: tiny_generator(head_pos_size=(4, )), r'head_pos_size=\(4,\), exp'),
    (lambda: tiny_discriminator(with_adaptive_pool=True, pool_size=(2, 2, 2)),
     r'MSStyleGAN2Discriminator: pool_size=\(2, 2, 2\), expected a whole'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
