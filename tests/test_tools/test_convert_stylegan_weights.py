"""Files of StyleGAN projects, by what each entry means there.

A tiny network is written out as arithmetic, with weights of its own for each
image, and put into a file under each project's names. The converted network
has to make the same numbers.
"""
import argparse
import io
import os
import pickle
from math import sqrt
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from official_pickle_files import write_pickle

from mmgen.apis.conversion import convert_weights
from mmgen.engine.checkpointing import load_weights
from mmgen.engine.launching import load_config
from mmgen.registry import MODELS

WIDTH, STYLE, SIDES, CLASSES = 8, 6, (4, 8, 16), 3
ROOT = sqrt(2)
CONFIG = f'''
model = dict(
    type='StyleGAN2', num_classes=None,
    generator=dict(
        type='StyleGANv2Generator', out_size=16, style_channels={STYLE},
        num_mlps=2, max_channels={WIDTH}),
    discriminator=dict(
        type='StyleGAN2Discriminator', in_size=16, max_channels={WIDTH}),
    ema_config=dict(type='ExponentialMovingAverage'))
'''
CLASS_CONFIG = CONFIG.replace('num_classes=None', f'num_classes={CLASSES}')


# ----------------------------------------------------- networks as numbers


def numbers(*shape, about=0.0, spread=1.0):
    return about + spread * torch.randn(*shape)


def four_images():
    """RGB; their contrast differs, so that the logits do."""
    return numbers(4, 3, 16, 16) * torch.tensor(
        [0.2, 1, 3, 6]).view(4, 1, 1, 1)


def fir():
    """A filter that is not symmetric, sum 1."""
    taps = torch.rand(4, 4) + 0.1
    return taps / taps.sum()


def linear(out, inn, lr=1.0, about=0.0):
    return SimpleNamespace(
        weight=numbers(out, inn) / lr, bias=numbers(out, about=about) / lr,
        lr=lr)


def conv(out, inn, size=3, bias=True):
    return SimpleNamespace(
        weight=numbers(out, inn, size, size),
        bias=numbers(out) if bias else None)


def styled(side, up):
    return SimpleNamespace(
        **vars(conv(WIDTH, WIDTH)), affine=linear(WIDTH, STYLE, about=1.0),
        strength=numbers(1), noise=numbers(side, side),
        fir=fir() if up else None)


def to_rgb(up):
    return SimpleNamespace(
        **vars(conv(3, WIDTH, 1)), affine=linear(WIDTH, STYLE, about=1.0),
        fir=fir() if up else None)


def generator(classes=0):
    wide = STYLE * (2 if classes else 1)
    return SimpleNamespace(
        embed=linear(STYLE, classes) if classes else None,
        mapping=[linear(STYLE, wide, 0.01), linear(STYLE, STYLE, 0.01)],
        const=numbers(WIDTH, 4, 4),
        levels=[SimpleNamespace(
            layers=[styled(side, up) for up in ([True, False], [False])[
                side == 4]],
            rgb=to_rgb(side > 4)) for side in SIDES])


def discriminator(classes=0):
    return SimpleNamespace(
        from_rgb=conv(WIDTH, 3, 1),
        blocks=[SimpleNamespace(
            conv0=conv(WIDTH, WIDTH), conv1=conv(WIDTH, WIDTH),
            skip=conv(WIDTH, WIDTH, 1, bias=False), fir1=fir(),
            fir_skip=fir()) for _ in SIDES[1:]],
        conv=conv(WIDTH, WIDTH + 1), fc=linear(WIDTH, 16 * WIDTH),
        out=linear(WIDTH if classes else 1, WIDTH),
        embed=linear(WIDTH, classes) if classes else None,
        mapping=[linear(WIDTH, WIDTH, 0.01) for _ in range(8)])


def apply(layer, x):
    """An equalised linear layer."""
    scale = layer.lr / sqrt(layer.weight.shape[1])
    return x @ (layer.weight * scale).T + layer.bias * layer.lr


def unit(x):
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def act(x):
    return F.leaky_relu(x, 0.2) * ROOT


def column(x):
    return x[..., None, None]


def filtered(x, taps, pad):
    """A true convolution of each channel; pad is (before, after)."""
    n, c, h, w = x.shape
    x = F.pad(x.reshape(n * c, 1, h, w), (*pad, *pad))
    x = F.conv2d(x, taps.flip(0, 1)[None, None])
    return x.reshape(n, c, *x.shape[2:])


def spread_out(x):
    """Zeros between the pixels and behind the last."""
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, 2 * h, 2 * w)
    out[:, :, ::2, ::2] = x
    return out


def modulated(x, layer, w, demodulate=True):
    styles = apply(layer.affine, w)
    images = []
    for image, style in zip(x, styles):
        weight = layer.weight * column(style)
        if demodulate:
            norm = weight.square().sum((1, 2, 3), keepdim=True)
            weight = weight / norm.sqrt()
        else:
            weight = weight / sqrt(weight.shape[1])
        pad = weight.shape[2] // 2
        if getattr(layer, 'fir', None) is not None and demodulate:
            y = spread_out(image[None])[:, :, :-1, :-1]
            y = F.conv2d(y, weight.flip(2, 3), padding=2)
            y = filtered(y, 4 * layer.fir, (1, 1))
        else:
            y = F.conv2d(image[None], weight, padding=pad)
        images.append(y)
    return torch.cat(images) + (0 if demodulate else column(layer.bias))


def paint(net, z, labels=None):
    x = unit(z)
    if labels is not None:
        y = apply(net.embed, F.one_hot(labels, CLASSES).float())
        x = torch.cat([x, unit(y)], 1)
    for layer in net.mapping:
        x = act(apply(layer, x))
    w, x, image = x, net.const.expand(len(z), -1, -1, -1), None
    for level in net.levels:
        for layer in level.layers:
            x = modulated(x, layer, w) + layer.strength * layer.noise
            x = act(x + column(layer.bias))
        rgb = modulated(x, level.rgb, w, demodulate=False)
        if image is not None:
            rgb = rgb + filtered(spread_out(image), 4 * level.rgb.fir, (2, 1))
        image = rgb
    return image


def convolve(layer, x, taps=None):
    """A convolution, behind a filter and with a stride if there is one."""
    size = layer.weight.shape[2]
    weight = layer.weight / sqrt(layer.weight[0].numel())
    if taps is None:
        x = F.conv2d(x, weight, padding=size // 2)
    else:
        before = size // 2 + 1
        x = F.conv2d(filtered(x, taps, (before, before)), weight, stride=2)
    return x if layer.bias is None else act(x + column(layer.bias))


def judge(net, x, labels=None):
    """Logits of four images."""
    x = convolve(net.from_rgb, x)
    for block in net.blocks:
        h = convolve(block.conv1, convolve(block.conv0, x), block.fir1)
        x = (h + convolve(block.skip, x, block.fir_skip)) / ROOT
    deviation = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    x = torch.cat([x, deviation.expand(4, 1, 4, 4)], 1)
    x = apply(net.out, act(apply(net.fc, convolve(net.conv, x).flatten(1))))
    if labels is None:
        return x
    y = unit(apply(net.embed, F.one_hot(labels, CLASSES).float()))
    for layer in net.mapping:
        y = act(apply(layer, y))
    return (x * y).sum(1, keepdim=True) / sqrt(WIDTH)


# ------------------------------------------------- under the projects' names


def put(state, name, layer):
    state[f'{name}.weight'] = layer.weight
    if layer.bias is not None:
        state[f'{name}.bias'] = layer.bias


def put_mapping(state, net):
    if net.embed is not None:
        put(state, 'mapping.embed', net.embed)
    for index, layer in enumerate(net.mapping):
        put(state, f'mapping.fc{index}', layer)


def ada_generator(net):
    """stylegan2-ada-pytorch; all filters that nothing uses are nonsense."""
    state = {'mapping.w_avg': numbers(STYLE)}
    put_mapping(state, net)
    state['synthesis.b4.const'] = net.const
    for side, level in zip(SIDES, net.levels):
        block = f'synthesis.b{side}'
        for number, layer in zip(
                (1, ) if side == 4 else (0, 1), level.layers):
            name = f'{block}.conv{number}'
            put(state, name, layer)
            put(state, f'{name}.affine', layer.affine)
            state[f'{name}.noise_const'] = layer.noise
            state[f'{name}.noise_strength'] = layer.strength[0]
            state[f'{name}.resample_filter'] = \
                numbers(4, 4) if layer.fir is None else layer.fir
        put(state, f'{block}.torgb', level.rgb)
        put(state, f'{block}.torgb.affine', level.rgb.affine)
        state[f'{block}.resample_filter'] = \
            numbers(4, 4) if level.rgb.fir is None else level.rgb.fir
    return state


def ada_discriminator(net):
    state = {}
    put(state, 'b16.fromrgb', net.from_rgb)
    for side, block in zip(SIDES[:0:-1], net.blocks):
        for part in ('conv0', 'conv1', 'skip'):
            put(state, f'b{side}.{part}', getattr(block, part))
        state[f'b{side}.conv1.resample_filter'] = block.fir1
        state[f'b{side}.skip.resample_filter'] = block.fir_skip
    for name in ('b16', 'b8', 'b16.fromrgb', 'b16.conv0', 'b8.conv0',
                 'b4.conv'):
        state[f'{name}.resample_filter'] = numbers(4, 4)
    for part in ('conv', 'fc', 'out'):
        put(state, f'b4.{part}', getattr(net, part))
    if net.embed is not None:
        put_mapping(state, net)
    return state


def rosinality_generator(net):
    state = {'input.input': net.const[None]}
    for index, layer in enumerate(net.mapping):
        put(state, f'style.{index + 1}', layer)
    layers = [layer for level in net.levels for layer in level.layers]
    for index, layer in enumerate(layers):
        name = f'convs.{index - 1}' if index else 'conv1'
        state[f'{name}.conv.weight'] = layer.weight[None]
        put(state, f'{name}.conv.modulation', layer.affine)
        state[f'{name}.noise.weight'] = layer.strength
        state[f'{name}.activate.bias'] = layer.bias
        state[f'noises.noise_{index}'] = layer.noise[None, None]
        if layer.fir is not None:
            state[f'{name}.conv.blur.kernel'] = 4 * layer.fir
    for index, level in enumerate(net.levels):
        name = f'to_rgbs.{index - 1}' if index else 'to_rgb1'
        state[f'{name}.conv.weight'] = level.rgb.weight[None]
        state[f'{name}.bias'] = level.rgb.bias.view(1, 3, 1, 1)
        put(state, f'{name}.conv.modulation', level.rgb.affine)
        if level.rgb.fir is not None:
            state[f'{name}.upsample.kernel'] = 4 * level.rgb.fir
    return state


def rosinality_discriminator(net):
    state = {}

    def put_layer(name, place, layer):
        state[f'{name}.{place}.weight'] = layer.weight
        if layer.bias is not None:
            state[f'{name}.{place + 1}.bias'] = layer.bias

    put_layer('convs.0', 0, net.from_rgb)
    for index, block in enumerate(net.blocks, 1):
        name = f'convs.{index}'
        put_layer(f'{name}.conv1', 0, block.conv0)
        put_layer(f'{name}.conv2', 1, block.conv1)
        put_layer(f'{name}.skip', 1, block.skip)
        state[f'{name}.conv2.0.kernel'] = block.fir1
        state[f'{name}.skip.0.kernel'] = block.fir_skip
    put_layer('final_conv', 0, net.conv)
    put(state, 'final_linear.0', net.fc)
    put(state, 'final_linear.1', net.out)
    return state


# ------------------------------------------------------------- their files


def write_checkpoint(path, networks, **more):
    torch.save(
        dict(networks, args=argparse.Namespace(size=16),
             g_optim=dict(state={}, param_groups=[]), **more), path)


ADA, ROSINALITY, THREE = ('stylegan2-ada-pytorch', 'rosinality-stylegan2',
                          'stylegan3')
WRITERS = {ADA: write_pickle, ROSINALITY: write_checkpoint,
           THREE: write_pickle}
PROJECTS = {
    ADA: (ada_generator, ada_discriminator, ('G', 'G_ema', 'D')),
    ROSINALITY: (rosinality_generator, rosinality_discriminator,
                 ('g', 'g_ema', 'd')),
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def convert(tmp_path):
    """Writes a file, converts it, and loads what comes out."""

    def run(source, networks, config=CONFIG, **more):
        file = tmp_path / 'foreign.file'
        WRITERS[source](file, networks, **more)
        (tmp_path / 'config.py').write_text(config)
        said = convert_weights(source, file, tmp_path / 'out' / 'ours.pth',
                               tmp_path / 'config.py')
        checkpoint = torch.load(
            tmp_path / 'out' / 'ours.pth', weights_only=True)
        model = MODELS.build(load_config(tmp_path / 'config.py').model)
        load_weights(model, checkpoint['state_dict'], False, 'ours.pth')
        return model.eval(), checkpoint['state_dict'], said

    return run


def made_by(network, z, labels=None):
    return network(z, labels, randomize_noise=False)


def check(actual, expected):
    """Equal, measured by how much the numbers differ among themselves."""
    spread = float(expected.std())
    assert spread > 0.02
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4 * spread)


# ------------------------------------------------------------------ tests


@torch.no_grad()
@pytest.mark.parametrize('source', PROJECTS)
def test_all_networks_do_the_same(convert, source):
    plain, average, critic = generator(), generator(), discriminator()
    name_g, name_d, (g, g_ema, d) = PROJECTS[source]
    model, state, said = convert(source, {
        g: name_g(plain), d: name_d(critic), g_ema: name_g(average)})
    z, images = numbers(3, STYLE), four_images()
    # The foreign projects work in RGB, ours in BGR.
    check(made_by(model.generator, z).flip(1), paint(plain, z))
    check(made_by(model.generator_ema.module, z).flip(1), paint(average, z))
    check(model.discriminator(images.flip(1)), judge(critic, images))
    assert {key.split('.')[0] for key in state} == {
        'generator', 'generator_ema', 'discriminator'}
    assert int(state['generator_ema.steps']) == 1
    assert set(said.split(' and ')) == {
        'generator', 'generator_ema', 'discriminator'}


@torch.no_grad()
def test_networks_with_classes_do_the_same(convert):
    net, critic = generator(CLASSES), discriminator(CLASSES)
    model, _, _ = convert(
        ADA, dict(G_ema=ada_generator(net), D=ada_discriminator(critic)),
        CLASS_CONFIG)
    z, images, y = numbers(4, STYLE), four_images(), torch.tensor(
        [2, 0, 1, 2])
    check(made_by(model.generator, z, y).flip(1), paint(net, z, y))
    check(model.discriminator(images.flip(1), y), judge(critic, images, y))


@torch.no_grad()
@pytest.mark.parametrize('source', PROJECTS)
def test_the_average_alone_becomes_both(convert, source):
    net = generator()
    model, state, said = convert(
        source, {PROJECTS[source][2][1]: PROJECTS[source][0](net)})
    z = numbers(2, STYLE)
    for network in (model.generator, model.generator_ema.module):
        check(made_by(network, z).flip(1), paint(net, z))
    assert said == 'generator_ema'
    assert not any(key.startswith('discriminator') for key in state)


@torch.no_grad()
def test_a_model_without_average_gets_the_average(convert):
    config = CONFIG.replace("ema_config=dict(type='ExponentialMovingAverage')",
                            '')
    net = generator()
    model, state, _ = convert(
        ADA, dict(G=ada_generator(generator()), G_ema=ada_generator(net)),
        config)
    z = numbers(2, STYLE)
    check(made_by(model.generator, z).flip(1), paint(net, z))
    assert all(key.startswith('generator.') for key in state)


def test_a_model_without_discriminator_gets_no_discriminator(convert):
    config = '''model = dict(type='StyleGAN2', generator=dict(
        type='StyleGANv2Generator', out_size=16, style_channels=6, num_mlps=2,
        max_channels=8))'''
    networks = dict(D=ada_discriminator(discriminator()))
    with pytest.raises(ValueError, match='it holds a discriminator, but '
                       'there is none in .*config.py. Give another --config'):
        convert(ADA, networks, config)
    _, state, said = convert(
        ADA, networks | dict(G=ada_generator(generator())), config)
    assert said == 'generator'
    assert all(key.startswith('generator.') for key in state)


@torch.no_grad()
@pytest.mark.parametrize('source', PROJECTS)
def test_a_model_in_rgb_stays_in_rgb(convert, source):
    name_g, name_d, (g, _, d) = PROJECTS[source]
    net, critic = generator(), discriminator()
    config = CONFIG.replace(
        'generator=dict(', 'data_preprocessor=dict(type="GANDataPreprocessor",'
        'bgr_to_rgb=True), generator=dict(', 1)
    model, _, _ = convert(source, {g: name_g(net), d: name_d(critic)}, config)
    z, images = numbers(3, STYLE), four_images()
    check(made_by(model.generator, z), paint(net, z))
    check(model.discriminator(images), judge(critic, images))


@torch.no_grad()
def test_a_discriminator_that_turns_images_itself_is_not_turned(convert):
    critic = discriminator()
    config = CONFIG.replace(
        "type='StyleGAN2Discriminator'", "type='ADAStyleGAN2Discriminator', "
        "input_bgr2rgb=True, data_aug=dict(type='ADAAug', "
        "aug_pipeline=dict(xflip=1))")
    model, state, _ = convert(
        ADA, dict(D=ada_discriminator(critic)), config)
    model.discriminator.ada_aug = None
    images = four_images()
    check(model.discriminator(images.flip(1)), judge(critic, images))
    assert not any('ada_aug' in key for key in state)


# -------------------------------------------------------------- StyleGAN3

THREE_GENERATOR = f'''
        type='StyleGANv3Generator', out_size=16, style_channels={STYLE},
        noise_size=5, img_channels=3, rgb2bgr=True, synthesis_cfg=dict(
            type='SynthesisNetwork', channel_max={WIDTH}, num_layers=3,
            num_critical=1, margin_size=2, use_radial_filters=True)),
'''
THREE_CONFIG = CONFIG.replace("'StyleGAN2'", "'StyleGAN3'").replace(
    CONFIG[CONFIG.index("type='StyleGANv2"):CONFIG.index('    discriminator')],
    THREE_GENERATOR)


def three_generator(tmp_path):
    """Names, numbers and geometry; the filters are not symmetric."""
    (tmp_path / 'config.py').write_text(THREE_CONFIG)
    network = MODELS.build(
        load_config(tmp_path / 'config.py').model).generator
    state = {}
    for name, value in network.state_dict().items():
        name = name.replace('style_mapping', 'mapping')
        state[name] = torch.randn(value.shape)
        if name.endswith('filter'):
            state[name] = torch.rand(value.shape) / value.numel()
        elif 'mapping.fc' in name:
            state[name] = state[name] * 100
        elif name.endswith('magnitude_ema'):
            state[name] = torch.tensor(2.5)
    state['synthesis.input.transform'] = torch.eye(3)
    state['mapping.w_avg'] = numbers(STYLE)
    return state, network.synthesis


def resampled(x, taps, up=1, down=1, pad=(0, 0)):
    """Zeros between pixels, padding, true convolution, every down-th one."""
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, up * h, up * w)
    out[:, :, ::up, ::up] = x
    if taps is None:
        taps = torch.ones(1, 1)
    taps = torch.outer(taps, taps) if taps.ndim == 1 else taps
    return filtered(out, taps, pad)[:, :, ::down, ::down]


def three_image(state, plan, z):
    """Geometry, that is sides, factors and padding, is that of ``plan``."""

    def layer(name, x, lr=1.0):
        return apply(SimpleNamespace(
            weight=state[f'{name}.weight'], bias=state[f'{name}.bias'],
            lr=lr), x)

    w = unit(z)
    for index in range(2):
        w = act(layer(f'mapping.fc{index}', w, 0.01))

    # Waves
    name = 'synthesis.input'
    t = layer(f'{name}.affine', w)
    t = t / t[:, :2].norm(dim=1, keepdim=True)
    points, freqs, phases = plan.input.grid(), state[f'{name}.freqs'], state[
        f'{name}.phases']
    images = []
    for c, s, dx, dy in t:
        rotation = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
        moved = (points - torch.stack([dx, dy])) @ rotation.T
        waves = torch.sin(2 * torch.pi * (moved @ freqs.T + phases))
        band = plan.input.band
        beyond = ((freqs @ rotation).norm(dim=1) - band.cutoff) / (
            band.rate / 2 - band.cutoff)
        images.append((waves * (1 - beyond).clamp(0, 1)).permute(2, 0, 1))
    x = torch.stack(images)
    weight = state[f'{name}.weight'] / sqrt(len(freqs))
    x = torch.einsum('oc,nchw->nohw', weight, x)

    for name in plan.layer_names:
        ours, name = getattr(plan, name), f'synthesis.{name}'
        weight, bias = state[f'{name}.weight'], state[f'{name}.bias']
        styles = layer(f'{name}.affine', w)
        if ours.is_image:
            styles = styles / sqrt(weight[0].numel())
        x = x / state[f'{name}.magnitude_ema'].sqrt()
        images = []
        for image, style in zip(x, styles):
            own = weight * column(style)
            if not ours.is_image:
                own = own / own.square().sum((1, 2, 3), keepdim=True).sqrt()
            images.append(F.conv2d(
                image[None], own, padding=weight.shape[2] - 1))
        x = torch.cat(images) + column(bias)
        if not ours.is_image:
            up = state.get(f'{name}.up_filter')
            x = act(ours.up**2 * resampled(x, up, ours.up, 1, ours.pad))
            x = resampled(x, state.get(f'{name}.down_filter'), 1, ours.down)
    return 0.25 * x


@torch.no_grad()
@pytest.mark.parametrize('turns', [True, False])
def test_stylegan3_does_the_same(convert, tmp_path, turns):
    state, plan = three_generator(tmp_path)
    critic = discriminator()
    config = THREE_CONFIG.replace('rgb2bgr=True', f'rgb2bgr={turns}')
    model, _, said = convert(
        THREE, dict(G_ema=state, D=ada_discriminator(critic)), config)
    z, images = numbers(3, 5), four_images()
    check(model.generator(z).flip(1), three_image(state, plan, z))
    check(model.discriminator(images.flip(1)), judge(critic, images))
    torch.testing.assert_close(
        model.generator_ema.module.style_mapping.w_avg,
        state['mapping.w_avg'])
    assert said == 'generator_ema and discriminator'


# ------------------------------------------------------ what does not fit


def without(state, key):
    return {name: value for name, value in state.items() if name != key}


ADA_G, ADA_D = ada_generator(generator()), ada_discriminator(discriminator())
ROSINALITY_G = rosinality_generator(generator())


@pytest.mark.parametrize('source, networks, words', [
    (ADA, dict(G=ADA_G | {'synthesis.b8.conv2.weight': torch.zeros(1)}),
     r'foreign.file \(stylegan2-ada-pytorch\), generator: the entry '
     "'synthesis.b8.conv2.weight' is not known"),
    (ADA, dict(G=ADA_G | {'synthesis.b4.conv0.weight': torch.zeros(1)}),
     "the entry 'synthesis.b4.conv0.weight' would be conv0.conv.weight_orig, "
     'which the generator of .*config.py does not have'),
    (ADA, dict(G=without(ADA_G, 'synthesis.b16.conv1.noise_const')),
     'there is nothing for injected_noise_4 of the generator of'),
    (ADA, dict(G=ADA_G, D=without(ADA_D, 'b8.skip.weight')),
     'discriminator: there is nothing for convs.2.skip.1.conv.weight_orig'),
    (ADA, dict(G_ema=ADA_G | {'mapping.fc0.weight': torch.zeros(6, 12)}),
     "generator_ema: the entry 'mapping.fc0.weight' makes "
     r'style_mapping.1.linear.weight_orig with shape \[6, 12\], expected '
     r'\[6, 6\]'),
    (ADA, dict(G=ADA_G | {'mapping.embed.bias': torch.zeros(6)}),
     "the entry 'mapping.embed.bias' would be label_embedding.bias, which"),
    (ADA, dict(H=ADA_G), 'foreign.file has none of G, G_ema, D, only H, '),
    (THREE, dict(G=ADA_G), 'no generator or discriminator has the entries'),
    (ROSINALITY, dict(g=ROSINALITY_G | {'conv1.bias': torch.zeros(8)}),
     "the entry 'conv1.bias' is not known"),
    (ROSINALITY, dict(g_ema=without(ROSINALITY_G, 'to_rgbs.1.bias')),
     'there is nothing for to_rgbs.1.bias'),
    (ROSINALITY, dict(g_ema=ROSINALITY_G | {'conv1.activate.bias':
                                            torch.zeros(9)}),
     r"'conv1.activate.bias' makes .* with shape \[9\], expected \[8\]"),
    (ROSINALITY, dict(g=dict(ROSINALITY_G, extra=3)),
     "the generator is no dict of tensors"),
    (ROSINALITY, ROSINALITY_G, 'has none of g, g_ema, d, but input.input'),
])
def test_what_does_not_fit_is_refused_by_name(convert, tmp_path, source,
                                              networks, words):
    with pytest.raises(ValueError, match=words):
        convert(source, networks)
    assert not (tmp_path / 'out').exists()


def test_files_that_are_something_else_are_refused(tmp_path):
    file = tmp_path / 'foreign.file'

    def refused(source, error, words):
        with pytest.raises(error, match=words):
            convert_weights(source, file, tmp_path / 'ours.pth', 'config.py')

    refused(ADA, FileNotFoundError, 'no checkpoint .*foreign.file')
    file.write_bytes(b'junk')
    refused(ADA, RuntimeError, 'foreign.file is damaged or no checkpoint')
    refused(ROSINALITY, RuntimeError, 'foreign.file is damaged or no')
    file.write_bytes(pickle.dumps((1, 2, 3)))
    refused(THREE, ValueError, 'holds a tuple, expected a dict with G, G_ema, '
            'D. A tuple of TensorFlow networks is a file of')
    file.write_bytes(pickle.dumps(dict(G=argparse.Namespace(a=1))))
    refused(ADA, ValueError, 'G is or has a argparse.Namespace, expected a '
            'module with parameters, buffers and modules')
    torch.save([1], file)
    refused(ROSINALITY, ValueError, 'has none of g, g_ema, d, but list')


# ------------------------------------------------------ code in the file


class Payload:
    """A pickle of this makes a folder when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path, )


class HiddenPayload(Payload):
    """The same in the bytes that torch keeps a tensor's numbers in."""

    def __reduce__(self):
        content = io.BytesIO()
        torch.save(Payload(self.path), content,
                   _use_new_zipfile_serialization=False)
        return torch.storage._load_from_bytes, (content.getvalue(), )


@pytest.mark.parametrize('source', PROJECTS)
def test_code_in_a_file_is_not_run(convert, tmp_path, source):
    name_g, _, (g, _, _) = PROJECTS[source]
    net = generator()
    model, _, _ = convert(source, {g: name_g(net)},
                          extra=Payload(tmp_path / 'it_ran'))
    assert not (tmp_path / 'it_ran').exists()
    z = numbers(2, STYLE)
    with torch.no_grad():
        check(made_by(model.generator, z).flip(1), paint(net, z))


@pytest.mark.parametrize('source', PROJECTS)
def test_code_in_the_numbers_is_not_run(convert, tmp_path, source):
    with pytest.raises(RuntimeError, match='damaged or no checkpoint'):
        convert(source, {}, extra=HiddenPayload(tmp_path / 'it_ran'))
    assert not (tmp_path / 'it_ran').exists()


def test_code_for_an_entry_is_refused(convert, tmp_path):
    with pytest.raises(ValueError, match='G: mapping.w_avg is a Record, '
                       'expected a tensor'):
        convert(ADA, dict(G=ADA_G | {
            'mapping.w_avg': Payload(tmp_path / 'it_ran')}))
    assert not (tmp_path / 'it_ran').exists()
