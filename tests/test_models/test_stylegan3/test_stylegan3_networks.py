"""StyleGAN3's generator: recorded numbers, the paper, equivariance."""
from copy import deepcopy
from math import log10, pi, sqrt

import pytest
import torch
from golden_numbers import GoldenCase

from mmgen.models.stylegan3 import (MappingNetwork, StyleGANv3Generator,
                                    SynthesisNetwork, image_transform)
from mmgen.models.stylegan3.fourier_input import SynthesisInput
from mmgen.models.stylegan3.signals import Band
from mmgen.registry import MODULES

R = dict(conv_kernel=1, use_radial_filters=True)
BAND = Band(cutoff=2, half_width=6, rate=16, size=36, channels=4)


@torch.no_grad()
@pytest.mark.parametrize('name', ['stylegan3_t', 'stylegan3_r'])
def test_recorded_numbers(name):
    case = GoldenCase(name)
    g, z = case.build('G', MODULES), case.input('z')
    ws = g.style_mapping(z)
    case.check('W', ws)
    case.check('G', g(z))
    case.check('G_trunc', g(z, truncation=0.5))
    case.check('G_trunc3', g(z, truncation=0.5, num_truncation_layer=3))
    case.check('G_w', g(case.input('w'), input_is_latent=True))
    case.check('synthesis_input', g.synthesis.input(ws[:, 0]))
    state = g.state_dict()
    for output in case.expected:
        if output.startswith('buf/'):
            case.check(output, state[output.removeprefix('buf/')], rtol=1e-5)
    g(z, update_emas=True, force_fp32=True)
    case.check('w_avg_after_update', g.style_mapping.w_avg)
    magnitudes = [g.state_dict()[key] for key in sorted(state)
                  if key.endswith('magnitude_ema')]
    case.check('mag_ema_after_update', torch.stack(magnitudes))


def tiny(seed=0, out_size=32, synthesis=None, **settings):
    torch.manual_seed(seed)
    return StyleGANv3Generator(
        out_size, 16, 3, noise_size=8,
        synthesis_cfg=dict(
            dict(type='SynthesisNetwork', channel_base=512, channel_max=24,
                 num_layers=6), **(synthesis or {})),
        **settings)


def test_first_map_is_waves_at_the_places_of_its_samples():
    torch.manual_seed(0)
    layer = SynthesisInput(BAND, 5)
    assert layer.freqs.norm(dim=1).max() <= BAND.cutoff
    x = layer(torch.randn(1, 5))
    # Sample (row 3, column 7) of 36; 16 samples to an image side.
    place = torch.tensor([7 + 0.5 - 18, 3 + 0.5 - 18]) / 16
    waves = torch.sin(2 * pi * (layer.freqs @ place + layer.phases))
    torch.testing.assert_close(x[0, :, 3, 7], layer.weight @ waves / sqrt(4))


def test_waves_beyond_the_band_fade_out():
    layer = SynthesisInput(BAND, 5)
    layer.freqs.copy_(torch.tensor([[2.0, 0], [0, 2], [2, 0], [0, 2]]))
    w = torch.zeros(1, 5)
    amplitudes = []
    for zoom in (1.0, 2.5, 4.0):  # 2, 5, 8 cycles; the rate is 16
        x = layer(w, torch.diag(torch.tensor([zoom, zoom, 1.0])))
        mixed = torch.linalg.solve(
            layer.weight / 2, x[0].flatten(1)).abs().max()
        amplitudes.append(mixed.item())
    assert amplitudes == pytest.approx([1, 0.5, 0], abs=0.02)


def test_styles_move_and_rotate_the_waves():
    """The affine layer's numbers are a rotation and a shift."""
    g = tiny().eval()
    layer = g.synthesis.input
    w = torch.zeros(1, 16)
    with torch.no_grad():
        still = layer(w)
        layer.affine.bias.copy_(3 * torch.tensor([0, 1, 0, 0]))
        # The map is square and its samples lie symmetric about the centre.
        torch.testing.assert_close(
            layer(w), torch.rot90(still, 1, (2, 3)), rtol=0, atol=1e-4)
        layer.affine.bias.copy_(3 * torch.tensor([1, 0, 4 / 16, -2 / 16]))
        torch.testing.assert_close(
            layer(w)[:, :, :-2, 4:], still[:, :, 2:, :-4], rtol=0, atol=1e-4)


def psnr(found, expected):
    """Peak signal-to-noise ratio, dB."""
    error = (found - expected).square().mean().item()
    return 10 * log10((expected.max() - expected.min()).item()**2 / error)


@torch.no_grad()
@pytest.mark.parametrize('synthesis', [{}, R], ids='TR')
def test_moved_images_are_images_of_the_moved_input(synthesis):
    g, z = tiny(out_size=64, synthesis=synthesis).eval(), torch.randn(2, 8)
    images = g(z)
    # 6 pixels to the right, 4 up: 1.5 samples of the coarsest map, and 1.
    moved = g(z, transform=image_transform(shift=(6 / 64, -4 / 64)))
    assert psnr(moved[:, :, 8:-8, 8:-8], images[:, :, 12:-4, 2:-14]) > 50
    assert psnr(moved[:, :, 8:-8, 8:-8], images[:, :, 8:-8, 8:-8]) < 30


@torch.no_grad()
def test_rotated_images_are_images_of_the_rotated_input_in_r():
    z = torch.randn(2, 8)
    quarter = image_transform(angle=pi / 2)
    g = tiny(synthesis=R).eval()
    assert psnr(g(z, transform=quarter), torch.rot90(g(z), 1, (2, 3))) > 60
    g = tiny().eval()  # T's kernels have a direction
    assert psnr(g(z, transform=quarter), torch.rot90(g(z), 1, (2, 3))) < 40


def test_image_transform_leads_back_to_where_the_content_was():
    # Up by half an image, after a quarter turn to the left.
    matrix = image_transform(angle=pi / 2, shift=(0.0, -0.5))
    right = torch.tensor([0.25, 0.0, 1.0])
    above = torch.tensor([0.0, -0.25 - 0.5, 1.0])
    torch.testing.assert_close(matrix @ above, right)


@torch.no_grad()
def test_a_transform_leaves_the_model_as_it_was():
    g, z = tiny().eval(), torch.randn(2, 8)
    before, images = deepcopy(g.state_dict()), g(z)
    g(z, transform=torch.stack([image_transform(0.3), torch.eye(3)]))
    assert all(torch.equal(before[k], v) for k, v in g.state_dict().items())
    torch.testing.assert_close(g(z), images, rtol=0, atol=0)


@torch.no_grad()
def test_the_buffer_transforms_all_images():
    g, z = tiny().eval(), torch.randn(2, 8)
    moved = g(z, transform=image_transform(0.3, (0.1, 0)))
    g.synthesis.input.transform.copy_(image_transform(0.3, (0.1, 0)))
    torch.testing.assert_close(g(z), moved)


def test_magnitudes_make_the_input_of_a_layer_one():
    g = tiny(synthesis=dict(magnitude_ema_beta=0.0)).eval()
    layer = g.synthesis.L1_36_24
    x, w = 7 * torch.randn(4, 24, 36, 36), torch.randn(4, 16)
    out = layer(x, w, torch.float32)
    updated = layer(x, w, torch.float32, update_emas=True)
    assert layer.magnitude_ema.item() == pytest.approx(49, rel=0.02)
    scaled = layer(x / 7, w, torch.float32)
    layer.magnitude_ema.fill_(1)
    torch.testing.assert_close(layer(x, w, torch.float32), out)
    torch.testing.assert_close(
        layer(x / 7, w, torch.float32), updated, rtol=0.02, atol=0.02)
    assert scaled.std() < updated.std() / 5


def test_averages_change_only_when_asked_for():
    g, z = tiny().train(), torch.randn(4, 8)
    before = deepcopy(g.state_dict())
    g(z)
    assert all(torch.equal(before[k], v) for k, v in g.state_dict().items())
    g(z, update_emas=True)
    changed = {k.split('.')[-1] for k, v in g.state_dict().items()
               if not torch.equal(before[k], v)}
    assert changed == {'w_avg', 'magnitude_ema'}
    w = g.style_mapping(z)[:, 0]
    torch.testing.assert_close(g.style_mapping.w_avg, 0.002 * w.mean(0))


def test_mapping_is_the_formula():
    torch.manual_seed(0)
    net = MappingNetwork(4, 3, num_ws=2, lr_multiplier=0.1)
    assert net.fc0.weight.std().item() > 3  # kept larger by 1 / lr_multiplier
    torch.nn.init.normal_(net.fc1.bias, std=5)
    z = torch.randn(5, 4)
    w = z / z.square().mean(1, keepdim=True).sqrt()
    for layer, size in ((net.fc0, 4), (net.fc1, 3)):
        w = w @ layer.weight.T * 0.1 / sqrt(size) + 0.1 * layer.bias
        w = sqrt(2) * torch.where(w > 0, w, 0.2 * w)
    torch.testing.assert_close(
        net(z), torch.stack([w, w], 1), rtol=1e-4, atol=1e-5)


def test_classes_enter_the_mapping():
    g = tiny(num_classes=3).eval()
    assert g.style_mapping.c_dim == g.num_classes == 3
    assert g.style_mapping.fc0.weight.shape == (16, 8 + 16)
    z = torch.randn(2, 8)
    one = g(z, [0, 2])
    torch.testing.assert_close(
        one, g(z, torch.eye(3)[[0, 2]]))  # the same as conditions
    assert not torch.allclose(one[1], g(z, [0, 1])[1])
    torch.testing.assert_close(one[0], g(z, [0, 1])[0])
    asked = tiny(mapping_cfg=dict(type='MappingNetwork', c_dim=3))
    assert asked.num_classes == 3


@torch.no_grad()
def test_styles_in_and_out():
    g, z = tiny().eval(), torch.randn(2, 8)
    made = g(z, return_latents=True)
    assert made['latent'].shape == (2, 8, 16)
    for ws in (made['latent'], made['latent'][:, 0]):
        torch.testing.assert_close(
            g(ws, input_is_latent=True), made['fake_img'])
    g.style_mapping.w_avg.normal_()
    middle = g(z, truncation=0.0)
    torch.testing.assert_close(middle[0], middle[1])
    torch.testing.assert_close(
        middle[:1], g(g.style_mapping.w_avg[None], input_is_latent=True))


def test_rgb2bgr_reverses_the_channels():
    z = torch.randn(2, 8)
    torch.testing.assert_close(
        tiny(rgb2bgr=True)(z), tiny()(z)[:, [2, 1, 0]])


@pytest.mark.parametrize('synthesis', [{}, R], ids='TR')
def test_everything_learns_and_is_copied(synthesis):
    g = tiny(synthesis=synthesis, num_classes=2)
    images = g(None, num_batches=3)
    assert images.shape == (3, 3, 32, 32)
    images.square().sum().backward()
    for name, parameter in g.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
    copy = deepcopy(g)
    copy.load_state_dict(tiny(1, synthesis=synthesis, num_classes=2)
                         .state_dict())


def test_half_precision_is_for_the_highest_resolutions():
    def types(**synthesis):
        g, found = tiny(synthesis=synthesis).eval(), []
        for name in g.synthesis.layer_names:
            g.synthesis.get_submodule(name).register_forward_hook(
                lambda module, args, out: found.append(out.dtype))
        with torch.autocast('cpu', torch.bfloat16):
            images = g(torch.ones(1, 8), force_fp32=synthesis is None)
        assert images.dtype == torch.float32
        return found, images

    half, full = torch.bfloat16, torch.float32
    exact = tiny().eval()(torch.ones(1, 8))
    # Rates: 16, 16, 32, 32, 32, 32, 32.
    for res, expected in ((0, [full] * 7), (1, [full] * 2 + [half] * 5),
                          (4, [half] * 7)):
        found, images = types(num_fp16_res=res)
        assert found == expected
        scale = exact.abs().max().item()
        torch.testing.assert_close(
            images, exact, rtol=0, atol=0.1 * scale if res else 1e-6)


def test_force_fp32_wins_over_autocast():
    g, z = tiny().eval(), torch.randn(2, 8)
    with torch.autocast('cpu', torch.bfloat16):
        forced = g(z, force_fp32=True)
    torch.testing.assert_close(forced, g(z), rtol=0, atol=0)


def test_channels_last_changes_nothing():
    g, z = tiny().eval(), torch.randn(2, 8)
    last = deepcopy(g).to(memory_format=torch.channels_last)
    torch.testing.assert_close(last(z), g(z), rtol=1e-4, atol=1e-5)


def test_compiles_in_one_graph():
    g, z = tiny().eval(), torch.randn(2, 8)
    compiled = torch.compile(g, backend='eager', fullgraph=True)
    torch.testing.assert_close(compiled(z), g(z))


def test_builds_without_memory():
    with torch.device('meta'):
        g = tiny(synthesis=R)
    assert {t.device.type for t in g.state_dict().values()} == {'meta'}
    g.load_state_dict(tiny(synthesis=R).state_dict(), assign=True)
    torch.testing.assert_close(g(torch.ones(1, 8)),
                               tiny(synthesis=R)(torch.ones(1, 8)))


@pytest.mark.parametrize('make, words', [
    (lambda: SynthesisNetwork(16, 48, 3),
     'SynthesisNetwork: out_size=48, expected a power of two of at least 16'),
    (lambda: SynthesisNetwork(16, 64, 3, num_layers=2),
     'num_layers=2 and num_critical=2, expected at least one critically'),
    (lambda: tiny(num_classes=3, mapping_cfg=dict(
        type='MappingNetwork', c_dim=2)),
     'num_classes=3, but the mapping network has c_dim=2. Leave c_dim out'),
    (lambda: tiny()(torch.zeros(2, 8), transform=torch.eye(2)),
     r'transform has shape \[2, 2\], expected \[3, 3\] or \[N, 3, 3\]'),
    (lambda: tiny()(torch.zeros(2, 9)),
     r'noise has shape \[2, 9\], expected \[N, 8\]'),
    (lambda: tiny()(torch.zeros(2, 7, 16), input_is_latent=True),
     r'a style has shape \[2, 7, 16\], expected \[N, D\] or \[N, 8, D\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
