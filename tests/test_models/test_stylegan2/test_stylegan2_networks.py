"""StyleGAN2's networks: recorded numbers, the papers, precision, classes."""
import copy

import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import (ADAStyleGAN2Discriminator, StyleGAN2Discriminator,
                          StyleGANv2Generator)
from mmgen.models.layers.pixel_norm import pixel_norm
from mmgen.models.stylegan2.networks import ConvLayer
from mmgen.registry import MODULES


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('stylegan2_64')
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    z, z2, x, x8 = (case.input(key) for key in ('z', 'z2', 'x', 'x8'))
    still = dict(randomize_noise=False)
    case.check('W', g.style_mapping(z))
    case.check('G', g(z, **still))
    case.check('G_trunc', g(
        z, truncation=0.5, truncation_latent=case.input('trunc_latent'),
        **still))
    case.check('G_mix4', g([z, z2], inject_index=4, **still))
    latent = g(z, return_latents=True, **still)['latent']
    case.check('latent', latent)
    case.check('G_w', g(latent[:, 0], input_is_latent=True, **still))
    case.check('G_inj', g(z, injected_noise=case.input('injected')))
    case.check('D', d(x))
    case.check('D_b2', d(x[:2]))
    case.check('D_b8', d(x8))


def tiny_generator(**settings):
    torch.manual_seed(0)
    return StyleGANv2Generator(
        **dict(dict(out_size=16, style_channels=8, num_mlps=2,
                    max_channels=8), **settings))


def tiny_discriminator(cls=StyleGAN2Discriminator, **settings):
    torch.manual_seed(0)
    return cls(**dict(dict(in_size=16, max_channels=8), **settings))


def images(count=4):
    rng = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, 16, 16, generator=rng) * 2 - 1


# Configuration F, channel_multiplier 2: the widths of both papers' networks.
@pytest.mark.parametrize('multiplier, widths', [
    (1, [512, 512, 512, 512, 256, 128, 64, 32, 16]),
    (2, [512, 512, 512, 512, 512, 256, 128, 64, 32])])
def test_widths_are_the_papers(multiplier, widths):
    with torch.device('meta'):
        g = StyleGANv2Generator(1024, 512, channel_multiplier=multiplier)
        d = StyleGAN2Discriminator(1024, channel_multiplier=multiplier)
    assert g.constant_input.input.shape == (1, widths[0], 4, 4)
    pairs = [tuple(conv.conv.weight_orig.shape[:2]) for conv in g.convs]
    assert pairs[::2] == list(zip(widths[1:], widths))
    assert pairs[1::2] == list(zip(widths[1:], widths[1:]))
    assert g.num_latents == 18
    outs = [block.conv2[1].conv.out_channels for block in d.convs[1:]]
    assert outs == widths[::-1][1:]


def test_start_is_the_papers():
    """Appendix B: N(0, 1), biases 0, styles 1, noise off, mapping x 100."""
    g = tiny_generator(style_channels=64)
    assert g.conv1.conv.weight_orig.std().item() == pytest.approx(1, rel=0.1)
    assert g.style_mapping[1].linear.weight_orig.std().item() \
        == pytest.approx(100, rel=0.1)
    for name, value in g.named_parameters():
        if name.endswith('style_modulation.bias'):
            assert torch.equal(value, torch.ones_like(value))
        elif 'noise_injector' in name or name.endswith('bias'):
            assert not value.any(), name


def test_noise_is_added_where_it_is_given():
    g = tiny_generator().eval()
    z = torch.randn(2, 8)
    noise = [torch.randn(1, 1, side, side) for side in (4, 8, 8, 16, 16)]
    plain = g(z, randomize_noise=False)
    assert torch.equal(plain, g(z, injected_noise=noise))  # strength 0
    nn.init.ones_(g.convs[3].noise_injector.weight)
    other = [None] * 4 + [noise[4] + 1]
    assert not torch.equal(g(z, injected_noise=noise),
                           g(z, injected_noise=other))
    assert torch.equal(g(z, injected_noise=other[:4] + [noise[4]]),
                       g(z, injected_noise=noise))
    assert not torch.equal(g(z), g(z))
    assert torch.equal(g(z, randomize_noise=False),
                       g(z, randomize_noise=False))


def test_each_style_works_on_its_own_layers():
    """The last style is that of the last sum of images alone."""
    g = tiny_generator()
    ws = torch.randn(1, 6, 8)
    moved = ws.clone()
    moved[:, 5] += 1
    seen = {}
    for name in ('convs.3', 'to_rgbs.0', 'to_rgbs.1'):
        g.get_submodule(name).register_forward_hook(
            lambda module, args, out, name=name: seen.setdefault(
                name, []).append(out))
    g(ws, input_is_latent=True), g(moved, input_is_latent=True)
    assert [torch.equal(*outs) for outs in seen.values()] == [
        True, True, False]


def test_mean_style_is_the_same_each_time():
    g = tiny_generator().eval()
    mean = g.get_mean_latent()
    torch.manual_seed(5)
    assert torch.equal(mean, g.get_mean_latent())
    assert mean.shape == (1, 8)
    z = torch.randn(2, 8)
    torch.testing.assert_close(
        g(z, truncation=0.0, randomize_noise=False),
        g(mean.expand(2, -1), input_is_latent=True, randomize_noise=False))


def test_channels_can_be_reversed():
    d = tiny_discriminator()
    reversing = tiny_discriminator(input_bgr2rgb=True)
    x = images()
    assert torch.equal(reversing(x), d(x.flip(1)))


def test_groups_of_the_batch_statistic_are_a_setting():
    d = tiny_discriminator(mbstd_cfg=dict(group_size=2, channel_groups=4))
    assert d.final_conv[0].conv.in_channels == 8 + 4
    x = images(4)
    x[2:] = x[:2]  # each group of two has one image twice
    alone = d(x[:1])
    torch.testing.assert_close(d(x)[:1], alone)


@pytest.mark.parametrize('build, make_input', [
    (tiny_generator, lambda: torch.randn(2, 8)),
    (tiny_discriminator, lambda: images(2))])
def test_memory_format_does_not_matter(build, make_input):
    net = build().eval()
    other = copy.deepcopy(net).to(memory_format=torch.channels_last)
    kwargs = dict(randomize_noise=False) if build is tiny_generator else {}
    x = make_input()
    torch.testing.assert_close(other(x, **kwargs), net(x, **kwargs))


# ------------------------------------------------------------------ precision


def dtypes_of_convolutions(net, run):
    """Types that come out of each layer, by its name."""
    seen, handles = {}, []
    for name, module in net.named_modules():
        if name.startswith(('conv', 'to_rgb', 'final_')) and not any(
                module.children()):
            handles.append(module.register_forward_hook(
                lambda module, args, out, name=name: seen.update(
                    {name: out.dtype})))
    run()
    for handle in handles:
        handle.remove()
    return seen


@pytest.mark.parametrize('settings, expected', [
    (dict(num_fp16_scales=1), {4: False, 8: False, 16: True}),
    (dict(num_fp16_scales=2), {4: False, 8: True, 16: True}),
    (dict(fp16_enabled=True), {4: True, 8: True, 16: True}),
    (dict(), {4: True, 8: True, 16: True})])
def test_autocast_reaches_the_chosen_resolutions(settings, expected):
    g = tiny_generator(**settings)
    d = tiny_discriminator(**settings)
    layers = {'conv1.activate': 4, 'convs.1.activate': 8,
              'convs.3.activate': 16}
    blocks = {'convs.0.1': 16, 'convs.1.conv1.1': 16, 'convs.2.conv1.1': 8,
              'final_conv.1': 4}
    with torch.autocast('cpu', torch.bfloat16):
        found = {}
        seen = dtypes_of_convolutions(
            g, lambda: found.update(image=g(torch.randn(2, 8))))
        assert found['image'].dtype == torch.float32
        assert {side: seen[name] == torch.bfloat16
                for name, side in layers.items()} == expected
        seen = dtypes_of_convolutions(
            d, lambda: found.update(logits=d(images())))
        assert found['logits'].dtype == torch.float32
        for name, side in blocks.items():
            assert (seen[name] == torch.bfloat16) is expected[side], name


def test_input_types_and_output_types_are_settings():
    d = tiny_discriminator(num_fp16_scales=1, convert_input_fp32=False)
    with torch.autocast('cpu', torch.bfloat16):
        seen = dtypes_of_convolutions(d, lambda: d(images()))
    assert seen['final_conv.1'] == torch.bfloat16
    d = tiny_discriminator(fp16_enabled=True, out_fp32=False)
    with torch.autocast('cpu', torch.bfloat16):
        assert d(images()).dtype == torch.bfloat16
    assert d(images()).dtype == torch.float32


def test_half_precision_is_near_the_full_one_and_absent_outside_autocast():
    z, x = torch.randn(2, 8), images()
    for build, args, kwargs in (
            (tiny_generator, z, dict(randomize_noise=False)),
            (tiny_discriminator, x, {})):
        full, half = (build(num_fp16_scales=scales).eval() for scales in (0, 2))
        expected = full(args, **kwargs)
        assert torch.equal(half(args, **kwargs), expected)
        with torch.autocast('cpu', torch.bfloat16):
            out = half(args, **kwargs)
        assert not torch.equal(out, expected)
        assert (out - expected).abs().max() < 0.05 * expected.abs().max()


def test_mapping_network_is_in_full_precision():
    g = tiny_generator(fp16_enabled=True)
    z = torch.randn(2, 8)
    expected = g.map_noise(z)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(g.map_noise(z), expected)


def test_half_precision_maps_are_clamped():
    """Of the chosen resolutions only, in full precision as well."""
    g = tiny_generator(num_fp16_scales=1)
    with torch.no_grad():
        for conv in (g.convs[1], g.convs[3]):
            conv.activate.bias.fill_(1e4)
        g.to_rgbs[1].bias.fill_(1e4)
    largest = {}
    for name in ('convs.1', 'convs.3'):
        g.get_submodule(name).register_forward_hook(
            lambda module, args, out, name=name: largest.update(
                {name: out.abs().max().item()}))
    image = g(torch.randn(1, 8))
    assert largest['convs.3'] == 256 and largest['convs.1'] > 5000
    assert image.isfinite().all()
    layer = ConvLayer(1, 1, 1, clamp=256.0)
    x = torch.tensor([[[[1e9, -1e9, 0.0]]]])
    assert layer(x).abs().max() == 256


# -------------------------------------------------------------------- classes


def test_no_classes_means_no_further_weights():
    assert not [name for name in tiny_generator().state_dict()
                if 'label' in name]
    assert not [name for name in tiny_discriminator().state_dict()
                if 'label' in name]


def test_class_joins_the_noise_behind_the_normalisation():
    g = tiny_generator(num_classes=3).eval()
    z, label = torch.randn(4, 8), torch.tensor([0, 2, 1, 2])
    weight = g.label_embedding.weight_orig / 3**0.5
    y = weight.T[label]
    w = g.style_mapping[1:](torch.cat([pixel_norm(z), pixel_norm(y)], 1))
    torch.testing.assert_close(g.map_noise(z, label), w)
    torch.testing.assert_close(
        g(z, label, randomize_noise=False),
        g(w, input_is_latent=True, randomize_noise=False))
    # The mean is over all classes.
    torch.testing.assert_close(
        g.map_noise(z), g.map_noise(z, torch.tensor([0, 1, 2, 0])))


def test_logit_of_a_class_is_a_projection():
    d = tiny_discriminator(num_classes=3)
    x, label = images(), torch.tensor([0, 2, 1, 2])
    h = d.convs(x)
    h = d.final_linear(d.final_conv(d.mbstd_layer(h)).flatten(1))
    assert h.shape == (4, 8)
    y = d.label_mapping(d.label_embedding.weight_orig.T[label] / 3**0.5)
    assert len(d.label_mapping) == 1 + 8
    torch.testing.assert_close(
        d(x, label), (h * y).sum(1, keepdim=True) / 8**0.5)
    assert not torch.equal(d(x, label), d(x, 2 - label))


# -------------------------------------------------------------------- weights


def test_pretrained_weights_of_one_network_of_a_model(tmp_path):
    torch.manual_seed(1)
    source = StyleGANv2Generator(16, 8, num_mlps=2, max_channels=8)
    path = tmp_path / 'model.pth'
    torch.save(dict(state_dict={
        f'generator_ema.{key}': value
        for key, value in source.state_dict().items()}), path)
    g = tiny_generator(pretrained=dict(
        ckpt_path=str(path), prefix='generator_ema'))
    for key, value in source.state_dict().items():
        assert torch.equal(g.state_dict()[key], value)


# --------------------------------------------------------------- augmentation


def test_augmented_discriminator_judges_augmented_images():
    ada = dict(type='ADAAug', aug_pipeline=dict(xflip=1, brightness=1),
               augment_initial_p=1.0)
    d = tiny_discriminator(ADAStyleGAN2Discriminator, data_aug=ada)
    plain = tiny_discriminator()
    x = images()
    torch.manual_seed(4)
    found = d(x)
    torch.manual_seed(4)
    augmented = d.ada_aug(x)
    assert not torch.equal(augmented, x)
    torch.testing.assert_close(found, plain(augmented))
    # Names of published checkpoints.
    assert {key for key in d.state_dict() if key.startswith('ada_aug.')} == {
        'ada_aug.log_buffer', 'ada_aug.aug_pipeline.p',
        'ada_aug.aug_pipeline.Hz_geom', 'ada_aug.aug_pipeline.Hz_fbank'}


def test_augmentation_learns_of_the_answers():
    d = tiny_discriminator(
        ADAStyleGAN2Discriminator,
        data_aug=dict(type='ADAAug', update_interval=1, ada_kimg=0.1))
    log = d.observe(torch.ones(4, 1), 0)
    assert log['augment_p'].item() == pytest.approx(4 / 100)
    plain = tiny_discriminator(ADAStyleGAN2Discriminator)
    assert plain.ada_aug is None and plain.observe(torch.ones(4, 1), 0) == {}
    assert torch.equal(plain(images()), tiny_discriminator()(images()))


# -------------------------------------------------------------------- refusal


@pytest.mark.parametrize('make, words', [
    (lambda: StyleGANv2Generator(48, 8),
     'StyleGANv2Generator: no network for 48 pixels, expected one of 8, 16,'),
    (lambda: StyleGAN2Discriminator(4),
     'StyleGAN2Discriminator: no network for 4 pixels'),
    (lambda: tiny_generator(default_style_mode='mixed'),
     "default_style_mode='mixed', expected one of 'single', 'mix'"),
    (lambda: tiny_generator()(torch.randn(2, 5)),
     r'noise has shape \[2, 5\], expected \[N, 8\]'),
    (lambda: tiny_generator()(torch.randn(2, 8), injected_noise=[None]),
     'injected_noise has 1 maps, expected 5'),
    (lambda: tiny_discriminator()(torch.randn(2, 3, 32, 32)),
     r'images have shape \[2, 3, 32, 32\], expected \[N, 3, 16, 16\]'),
    (lambda: tiny_discriminator(num_classes=3)(images()),
     'num_classes=3, but label is missing'),
    (lambda: tiny_discriminator()(images(), torch.zeros(4).long()),
     'num_classes=0, but label is given'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
