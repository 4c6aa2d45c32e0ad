"""SinGAN's networks: recorded numbers, padding, encodings, noise."""
import pytest
import torch
import torch.nn.functional as F
from golden_numbers import GoldenCase

from mmgen.models.singan.networks import widths_of
from mmgen.registry import MODULES

SMALL = dict(num_scales=2, base_channels=4, min_feat_channels=4)
IMAGES = dict(in_channels=3, out_channels=3)
SIZES = [(9, 13), (12, 17), (16, 22)]


def build_generator(**settings):
    torch.manual_seed(0)
    type_name = 'SinGANMSGeneratorPE' if settings \
        else 'SinGANMultiScaleGenerator'
    return MODULES.build(dict(type=type_name, **IMAGES, **SMALL, **settings))


def noises(border=0, channels=1):
    torch.manual_seed(1)
    return [torch.randn(1, channels if i == 0 else 1, h + border, w + border)
            for i, (h, w) in enumerate(SIZES)]


# ------------------------------------------------------------ recorded numbers


def test_numbers_of_the_plain_networks():
    case = GoldenCase('singan')
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    fixed = [case.input(f'fixed{scale}') for scale in range(3)]
    weights = case.input('noise_weights')
    with torch.no_grad():
        for scale in range(3):
            result = g(None, fixed, weights, 'recon', scale, get_prev_res=True)
            case.check(f'G_recon_s{scale}', result['fake_img'])
            for below, image in enumerate(result['prev_res_list']):
                case.check(f'G_recon_s{scale}_prev{below}', image)
            case.check(f'D_s{scale}', d(case.input(f'x{scale}'), scale))
        g.train(), d.train()
        case.check('G_recon_s2_train', g(None, fixed, weights, 'recon', 2))
        case.check('D_s2_train', d(case.input('x2'), 2))


@pytest.mark.parametrize('name', ['singan_pe_interp', 'singan_pe_spe'])
def test_numbers_with_positional_encoding(name):
    case = GoldenCase(name)
    g = case.build('G', MODULES)
    fixed = [case.input(f'fixed{scale}') for scale in range(3)]
    with torch.no_grad():
        for scale in range(3):
            case.check(
                f'G_recon_s{scale}',
                g(case.input('input_sample'), fixed,
                  case.input('noise_weights'), 'recon', scale))


# ---------------------------------------------------------------- the formula


def test_a_scale_adds_to_the_image_below():
    """Equation 3, written out."""
    g = build_generator().eval()
    fixed, weights = noises(), [1.0, 0.5, 0.2]
    with torch.no_grad():
        one = g(None, fixed, weights, 'recon', 1)
        below = g(None, fixed, weights, 'recon', 0)
        up = F.interpolate(below, SIZES[1], mode='bicubic', align_corners=True)
        x = F.pad(0.5 * fixed[1] + up, (5, 5, 5, 5))
        torch.testing.assert_close(one, up + g.blocks[1](x))
        start = torch.rand(1, 3, 9, 13)
        edited = g(start, fixed, weights, 'recon', 0)
        torch.testing.assert_close(
            edited,
            start + g.blocks[0](F.pad(fixed[0] + start, (5, 5, 5, 5))))


@pytest.mark.parametrize('mode, torch_mode', [
    ('zero', 'constant'), ('reflect', 'reflect'), ('replicate', 'replicate'),
    ('circular', 'circular')])
@pytest.mark.parametrize('noise_with_pad', [False, True])
def test_padding_modes_at_the_head(mode, torch_mode, noise_with_pad):
    """The image is padded; the noise too, unless it is drawn so large."""
    g = build_generator(padding_mode=mode, noise_with_pad=noise_with_pad)
    fixed = noises(10 if noise_with_pad else 0)
    with torch.no_grad():
        images = g.eval()(None, fixed, [1, 1, 1], 'recon', 1,
                          get_prev_res=True)
        below, = images['prev_res_list']
        up = F.interpolate(below, SIZES[1], mode='bicubic', align_corners=True)
        noise = fixed[1] if noise_with_pad else F.pad(
            fixed[1], (5, ) * 4, torch_mode)
        expected = up + g.blocks[1](noise + F.pad(up, (5, ) * 4, torch_mode))
    torch.testing.assert_close(images['fake_img'], expected)


@pytest.mark.parametrize('mode, torch_mode', [
    ('zero', 'constant'), ('reflect', 'reflect')])
def test_padding_modes_of_the_convolutions(mode, torch_mode):
    g = build_generator(padding_mode=mode, padding=1, pad_at_head=False).eval()
    fixed = noises()
    x = fixed[0].expand(-1, 3, -1, -1)
    with torch.no_grad():
        for layer in (g.blocks[0].head, *g.blocks[0].body, g.blocks[0].tail):
            x = F.conv2d(F.pad(x, (1, ) * 4, torch_mode), layer.conv.weight,
                         layer.conv.bias)
            x = F.leaky_relu(layer.bn(x), 0.2) if hasattr(layer, 'bn') \
                else x.tanh()
        torch.testing.assert_close(
            g(None, fixed, [1, 1, 1], 'recon', 0), x)


def test_interpolation_in_the_place_of_padding():
    g = build_generator(interp_pad=True).eval()
    fixed = noises()
    with torch.no_grad():
        x = F.interpolate(fixed[0].expand(-1, 3, -1, -1), (19, 23),
                          mode='bicubic', align_corners=True)
        torch.testing.assert_close(
            g(None, fixed, [1, 1, 1], 'recon', 0), g.blocks[0](x))


@pytest.mark.parametrize('encoding, channels, noise_channels', [
    (dict(type='CSG'), 2, 2), (dict(type='CSG'), 2, 1),
    (dict(type='SPE', embedding_dim=4, padding_idx=0), 8, 8),
    (dict(type='SPE', embedding_dim=4, padding_idx=0), 8, 1),
    (None, 5, 1)])
def test_encoding_is_added_at_the_first_scale_alone(encoding, channels,
                                                    noise_channels):
    g = build_generator(padding=1, pad_at_head=False,
                        positional_encoding=encoding,
                        first_stage_in_channels=channels).eval()
    assert g.blocks[0].head.conv.in_channels == channels
    assert g.blocks[1].head.conv.in_channels == 3
    fixed = noises(channels=noise_channels)
    x = fixed[0].expand(-1, channels, -1, -1)
    if encoding:
        x = x + MODULES.build(encoding).make_grid2d(*SIZES[0])
    with torch.no_grad():
        torch.testing.assert_close(
            g(None, fixed, [1, 1, 1], 'recon', 0), g.blocks[0](x))


# -------------------------------------------------------------------- the noise


@pytest.mark.parametrize('channels', [1, 3])
def test_random_noise_is_shared_by_the_channels_of_the_first_scale(channels):
    g = build_generator().eval()
    torch.manual_seed(3)
    result = g(None, noises(channels=channels), [1, 1, 1], 'rand', 2,
               num_batches=4, return_noise=True)
    shapes = [tuple(noise.shape) for noise in result['noise_batch']]
    assert shapes == [(4, channels, 9, 13), (4, 3, 12, 17), (4, 3, 16, 22)]
    assert result['fake_img'].shape == (4, 3, 16, 22)
    assert all(abs(n.mean()) < 0.2 and abs(n.std() - 1) < 0.15
               for n in result['noise_batch'])
    again = g(None, result['noise_batch'], [1, 1, 1], 'recon', 2, 4)
    torch.testing.assert_close(again, result['fake_img'])


def test_reconstruction_of_a_batch_is_the_same_image():
    g = build_generator().eval()
    images = g(None, noises(), [1, 1, 1], 'recon', 1, num_batches=2)
    assert images.shape == (2, 3, 12, 17) and torch.equal(*images)


# ------------------------------------------------------------ widths, refusals


def test_widths_double_every_four_scales_and_halve_to_the_least():
    assert [widths_of(scale, 32, 32, 5) for scale in (0, 3, 4, 8, 12)] == [
        [32] * 4, [32] * 4, [64] * 4, [128] * 4, [128] * 4]
    assert widths_of(4, 32, 8, 5) == [64, 32, 16, 16]


def test_initialisation():
    torch.manual_seed(0)
    g = MODULES.build(dict(type='SinGANMultiScaleGenerator', **IMAGES,
                           num_scales=0))
    body = g.blocks[0].body
    assert body.block1.conv.weight.std().item() == pytest.approx(
        0.02, rel=0.05)
    gains = torch.cat([layer.bn.weight for layer in body])
    assert gains.mean().item() == pytest.approx(1, abs=0.01)
    assert gains.std().item() == pytest.approx(0.02, rel=0.2)


def test_what_is_refused():
    g = build_generator()
    with pytest.raises(ValueError, match='curr_scale=3, expected 0 to 2'):
        g(None, noises(), [1, 1, 1], 'recon', 3)
    with pytest.raises(ValueError, match="rand_mode='x', expected one of "
                       "'rand', 'recon'"):
        g(None, noises(), [1, 1, 1], 'x', 1)
    with pytest.raises(ValueError, match='1 fixed_noises for curr_scale=1'):
        g(None, noises()[:1], [1, 1, 1], 'rand', 1)
    with pytest.raises(ValueError, match="padding_mode='same', expected one"):
        build_generator(padding_mode='same')
    with pytest.raises(ValueError, match='pad_at_head=False with padding=0, '
                       'but .* with padding=1 only'):
        build_generator(pad_at_head=False)
    d = MODULES.build(dict(type='SinGANMultiScaleDiscriminator',
                           in_channels=3, **SMALL))
    with pytest.raises(ValueError, match=r'shape \[1, 4, 9, 9\], expected '
                       r'\[N, 3, H, W\]'):
        d(torch.zeros(1, 4, 9, 9), 0)
    with pytest.raises(ValueError, match='curr_scale=-1, expected 0 to 2'):
        d(torch.zeros(1, 3, 19, 19), -1)


def test_discriminator_without_normalisation():
    d = MODULES.build(dict(type='SinGANMultiScaleDiscriminator',
                           in_channels=3, norm_cfg=None, **SMALL))
    names = [name for name, _ in d.blocks[0].named_parameters()]
    assert len(names) == 10 and all('conv' in name for name in names)
