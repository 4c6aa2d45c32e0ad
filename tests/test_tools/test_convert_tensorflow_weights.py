"""Files of StyleGAN2 and StyleGAN2-ADA of TensorFlow.

Tiny networks are written out as arithmetic over TensorFlow's own variables,
in its names, axes and order of work. The converted network has to make the
same numbers. No file that was published was at hand.
"""
import os
import pickle
import runpy
import sys
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from official_pickle_files import (Array, Network, PythonTwoPickler,
                                   write_pickle, write_tensorflow_pickle)

from mmgen.apis.conversion import convert_weights, official_source
from mmgen.apis.migration import REFUSED
from mmgen.engine.checkpointing import load_weights
from mmgen.engine.launching import load_config
from mmgen.registry import MODELS

MIGRATE = Path(__file__).resolve().parents[2] / 'tools/migrate/checkpoint.py'
TENSORFLOW = 'stylegan2-tensorflow'
WIDTH, STYLE, SIDES, CLASSES = 8, 6, (4, 8, 16), 3
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
TAPS = (1, 3, 3, 1)


# --------------------------------------------- variables, as TensorFlow's are


def drawn(*shape, lr=1.0):
    return np.asarray(np.random.randn(*shape) / lr, np.float32)


def dense(name, inn, out, lr=1.0):
    return {f'{name}/weight': drawn(inn, out, lr=lr),
            f'{name}/bias': drawn(out, lr=lr)}


def conv(name, inn, out, size=3):
    return {f'{name}/weight': drawn(size, size, inn, out),
            f'{name}/bias': drawn(out)}


def styled(name, out, size=3):
    return {**conv(name, WIDTH, out, size),
            f'{name}/mod_weight': drawn(STYLE, WIDTH),
            f'{name}/mod_bias': drawn(WIDTH)}


def generator(classes=0):
    v = {'lod': drawn(), 'dlatent_avg': drawn(STYLE)}
    if classes:
        v |= dense('mapping/LabelEmbed', classes, STYLE)
    v |= dense('mapping/Dense0', STYLE * (2 if classes else 1), STYLE, 0.01)
    v |= dense('mapping/Dense1', STYLE, STYLE, 0.01)
    v['synthesis/4x4/Const/const'] = drawn(1, WIDTH, 4, 4)
    for index, name in enumerate(styled_layers()):
        side = int(name.partition('x')[0])
        v |= styled(f'synthesis/{name}', WIDTH)
        v[f'synthesis/{name}/noise_strength'] = drawn()
        v[f'synthesis/noise{index}'] = drawn(1, 1, side, side)
    for side in SIDES:
        v |= styled(f'synthesis/{side}x{side}/ToRGB', 3, 1)
    return v


def styled_layers():
    """In the order in which an image passes them."""
    return ['4x4/Conv'] + [f'{side}x{side}/{layer}' for side in SIDES[1:]
                           for layer in ('Conv0_up', 'Conv1')]


def discriminator(classes=0):
    v = conv('16x16/FromRGB', 3, WIDTH, 1)
    for side in SIDES[:0:-1]:
        v |= conv(f'{side}x{side}/Conv0', WIDTH, WIDTH)
        v |= conv(f'{side}x{side}/Conv1_down', WIDTH, WIDTH)
        v[f'{side}x{side}/Skip/weight'] = drawn(1, 1, WIDTH, WIDTH)
    v |= conv('4x4/Conv', WIDTH + 1, WIDTH)
    v |= dense('4x4/Dense0', 16 * WIDTH, WIDTH)
    v |= dense('Output', WIDTH, WIDTH if classes else 1)
    if classes:
        v |= dense('LabelEmbed', classes, WIDTH)
        for index in range(8):
            v |= dense(f'Mapping{index}', WIDTH, WIDTH, 0.01)
    return v


# --------------------------------------------------- what TensorFlow computes


def column(x):
    return x[..., None, None]


def act(x):
    return F.leaky_relu(x, 0.2) * sqrt(2)


def unit(x):
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def apply(v, name, x, lr=1.0):
    weight = torch.tensor(v[f'{name}/weight'])
    bias = torch.tensor(v[f'{name}/bias'])
    return x @ (weight * lr / sqrt(len(weight))) + bias * lr


def correlate(x, weight, pad, stride=1):
    """``weight [Kh, Kw, C, C']`` over images padded by (before, after)."""
    x = F.pad(x, (*pad, *pad))
    rows, columns = (side - size + 1
                     for side, size in zip(x.shape[2:], weight.shape))
    y = sum(torch.einsum('nchw,co->nohw', x[:, :, i:i + rows, j:j + columns],
                         weight[i, j])
            for i in range(len(weight)) for j in range(len(weight[0])))
    return y[:, :, ::stride, ::stride]


def filtered(x, taps, pad, gain=1):
    """A true convolution of each channel with the outer product."""
    taps = torch.tensor(taps, dtype=torch.float32)
    kernel = torch.outer(taps, taps) / taps.sum()**2 * gain
    each = torch.eye(x.shape[1])
    return correlate(x, kernel.flip(0, 1)[..., None, None] * each, pad)


def spread_out(x):
    """A zero behind each pixel, on both axes."""
    y = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    y[:, :, ::2, ::2] = x
    return y


def upsampled(x, weight, taps):
    """An image on the unlimited plane is upsampled and then correlated.

    The filter takes two pixels before and one behind its own, the correlation
    one more on each side.
    """
    x = filtered(spread_out(x), taps, (3, 2), gain=4)
    return correlate(x, weight, (0, 0))


def modulated(v, name, x, w, taps=None, demodulate=True):
    """Channels scaled, then correlated, then scaled."""
    weight = torch.tensor(v[f'{name}/weight'])
    weight = weight / sqrt(weight[..., 0].numel())
    styles = w @ torch.tensor(v[f'{name}/mod_weight']) / sqrt(STYLE)
    styles = styles + torch.tensor(v[f'{name}/mod_bias']) + 1
    x = x * column(styles)
    if taps is None:
        half = len(weight) // 2
        x = correlate(x, weight, (half, half))
    else:
        x = upsampled(x, weight, taps)
    if demodulate:
        power = torch.einsum('hwco,nc->no', weight**2, styles**2)
        x = x * column((power + 1e-8).rsqrt())
    return x


def paint(v, z, labels=None, taps=TAPS):
    x = unit(z)
    if labels is not None:
        y = apply(v, 'mapping/LabelEmbed', F.one_hot(labels, CLASSES).float())
        x = torch.cat([x, unit(y)], 1)
    for index in range(2):
        x = act(apply(v, f'mapping/Dense{index}', x, 0.01))
    w, image = x, None
    x = torch.tensor(v['synthesis/4x4/Const/const']).repeat(len(z), 1, 1, 1)
    for index, name in enumerate(styled_layers()):
        layer = f'synthesis/{name}'
        x = modulated(v, layer, x, w, taps if name.endswith('up') else None)
        x = x + torch.tensor(v[f'synthesis/noise{index}']) * float(
            v[f'{layer}/noise_strength'])
        x = act(x + column(torch.tensor(v[f'{layer}/bias'])))
        if name.endswith('up'):
            continue
        layer = f'synthesis/{name.partition("/")[0]}/ToRGB'
        rgb = modulated(v, layer, x, w, demodulate=False)
        rgb = rgb + column(torch.tensor(v[f'{layer}/bias']))
        image = rgb if image is None else rgb + filtered(
            spread_out(image), taps, (2, 1), gain=4)
    return image


def convolve(v, name, x, taps=None):
    """With taps: filtered before a correlation with a stride of 2."""
    weight = torch.tensor(v[f'{name}/weight'])
    weight = weight / sqrt(weight[..., 0].numel())
    half = len(weight) // 2
    if taps is None:
        x = correlate(x, weight, (half, half))
    else:
        x = correlate(filtered(x, taps, (half + 1, half + 1)), weight, (0, 0),
                      stride=2)
    if f'{name}/bias' not in v:
        return x
    return act(x + column(torch.tensor(v[f'{name}/bias'])))


def judge(v, x, labels=None, taps=TAPS):
    """Logits of four images."""
    x = convolve(v, '16x16/FromRGB', x)
    for side in SIDES[:0:-1]:
        block = f'{side}x{side}'
        y = convolve(v, f'{block}/Conv0', x)
        y = convolve(v, f'{block}/Conv1_down', y, taps)
        x = (y + convolve(v, f'{block}/Skip', x, taps)) / sqrt(2)
    deviation = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    x = torch.cat([x, deviation.expand(4, 1, 4, 4)], 1)
    x = convolve(v, '4x4/Conv', x).flatten(1)
    x = apply(v, 'Output', act(apply(v, '4x4/Dense0', x)))
    if labels is None:
        return x
    y = unit(apply(v, 'LabelEmbed', F.one_hot(labels, CLASSES).float()))
    for index in range(8):
        y = act(apply(v, f'Mapping{index}', y, 0.01))
    return (x * y).sum(1, keepdim=True) / sqrt(WIDTH)


# ------------------------------------------------------------------- tests


@pytest.fixture(autouse=True)
def seed():
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def file(tmp_path):
    return tmp_path / 'foreign.pkl'


@pytest.fixture
def converted(tmp_path, file):
    """Converts the file, and loads what comes out."""

    def run(config=CONFIG):
        (tmp_path / 'config.py').write_text(config)
        convert_weights(TENSORFLOW, file, tmp_path / 'out/ours.pth',
                        tmp_path / 'config.py')
        state = torch.load(
            tmp_path / 'out/ours.pth', weights_only=True)['state_dict']
        model = MODELS.build(load_config(tmp_path / 'config.py').model)
        load_weights(model, state, False, 'ours.pth')
        return model.eval()

    return run


def images():
    """RGB; their contrast differs, so that the logits do."""
    return torch.randn(4, 3, 16, 16) * torch.tensor(
        [0.2, 1, 3, 6]).view(4, 1, 1, 1)


def made_by(network, z, labels=None):
    """RGB, which ours makes BGR of."""
    return network(z, labels, randomize_noise=False).flip(1)


def check(actual, expected):
    """Equal, measured by how much the numbers differ among themselves."""
    spread = float(expected.std())
    assert spread > 0.02
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4 * spread)


def test_upsampling_is_the_transposed_convolution_of_tensorflow():
    """The kernel turned round, and the filter behind it."""
    x, weight = torch.randn(2, 5, 6, 6), torch.randn(3, 3, 5, 4)
    turned = weight.flip(0, 1).permute(2, 3, 0, 1)
    y = F.conv_transpose2d(x, turned, stride=2)
    check(upsampled(x, weight, TAPS), filtered(y, TAPS, (1, 1), gain=4))


@torch.no_grad()
@pytest.mark.parametrize('how', [
    dict(protocol=4), dict(protocol=2), dict(numpy='numpy._core'),
    dict(protocol=2, pickler=PythonTwoPickler)])
def test_all_networks_do_the_same(converted, file, how):
    plain, critic, average = generator(), discriminator(), generator()
    write_tensorflow_pickle(file, (plain, critic, average), **how)
    model = converted()
    z, x = torch.randn(3, STYLE), images()
    check(made_by(model.generator, z), paint(plain, z))
    check(made_by(model.generator_ema.module, z), paint(average, z))
    check(model.discriminator(x.flip(1)), judge(critic, x))


@torch.no_grad()
def test_networks_with_classes_do_the_same(converted, file):
    net, critic = generator(CLASSES), discriminator(CLASSES)
    write_tensorflow_pickle(file, (net, critic, net))
    model = converted(CLASS_CONFIG)
    z, x, y = torch.randn(4, STYLE), images(), torch.tensor([2, 0, 1, 2])
    check(made_by(model.generator, z, y), paint(net, z, y))
    check(model.discriminator(x.flip(1), y), judge(critic, x, y))


@torch.no_grad()
def test_the_filter_is_that_of_the_settings(converted, file):
    net, critic, taps = generator(), discriminator(), [1, 4, 2, 1]
    write_tensorflow_pickle(file, (net, critic, net),
                            dict(resample_kernel=taps))
    model = converted()
    z, x = torch.randn(2, STYLE), images()
    check(made_by(model.generator, z), paint(net, z, taps=taps))
    check(model.discriminator(x.flip(1)), judge(critic, x, taps=taps))


@torch.no_grad()
def test_arrays_by_columns_and_of_other_floats_are_read(converted, file):
    net = generator()
    stored = {name: np.asfortranarray(value) if index % 2 else
              value.astype('>f8') for index, (name, value) in enumerate(
                  net.items())}
    write_tensorflow_pickle(file, (stored, discriminator(), stored))
    z = torch.randn(2, STYLE)
    check(made_by(converted().generator, z), paint(net, z))


# ----------------------------------------------------- what is not accepted


def refused(converted, file, networks, words, **how):
    write_tensorflow_pickle(file, networks, **how)
    with pytest.raises(ValueError, match=words):
        converted()


OTHERS = [
    ({'synthesis/4x4/Const/StyleMod/weight': drawn(STYLE, 2 * WIDTH)},
     'synthesis/4x4/Const/StyleMod/weight'),  # StyleGAN1
    ({'synthesis/ToRGB_lod0/weight': drawn(1, 1, WIDTH, 3)},
     'synthesis/ToRGB_lod0/weight'),  # StyleGAN1
    ({'4x4/Dense/weight': drawn(STYLE, 16)}, '4x4/Dense/weight'),  # PGGAN
    ({'mapping/LabelConcat/weight': drawn(CLASSES, STYLE)},
     'mapping/LabelConcat/weight'),
    ({'synthesis/8x8/Skip/weight': drawn(1, 1, WIDTH, WIDTH)},
     'synthesis/8x8/Skip/weight'),  # architecture resnet
]


@pytest.mark.parametrize('more, name', OTHERS)
def test_other_networks_are_refused_in_one_sentence(
        converted, file, more, name):
    refused(converted, file, (generator() | more, discriminator(), generator()),
            rf"foreign.pkl, generator: the variable '{name}' of what G_main "
            'builds is none of a StyleGAN2 .*StyleGAN1, other architectures '
            'and classes by LabelConcat are not taken')
    with pytest.raises(ValueError, match='is none of a StyleGAN2'):
        official_source(file)


def without(variables, name):
    return {key: value for key, value in variables.items() if key != name}


@pytest.mark.parametrize('index, change, words', [
    (0, lambda v: without(v, 'synthesis/16x16/ToRGB/mod_bias'),
     'generator: there is nothing for to_rgbs.1.conv.style_modulation.bias'),
    (1, lambda v: without(v, '8x8/Conv0/weight'),
     'discriminator: there is nothing for convs.2.conv1.0.conv.weight_orig'),
    (2, lambda v: v | {'synthesis/8x8/Conv0_up/weight':
                       drawn(3, 3, WIDTH, 9)},
     r"generator_ema: the entry 'synthesis/8x8/Conv0_up/weight' makes "
     r'convs.0.conv.weight_orig with shape \[9, 8, 3, 3\], expected '
     r'\[8, 8, 3, 3\]'),
    (2, lambda v: v | {'dlatent_avg': 'text'},
     'Gs: dlatent_avg is no array of floats: it is a str'),
    (0, lambda v: v | {'lod': np.array([1])},
     r"G: lod is no array of floats: its type is \('i8',\)"),
    (0, lambda v: v | {'lod': np.array([print])},
     r"G: lod is no array of floats: its type is \('O8',\)"),
])
def test_what_does_not_fit_is_refused_by_name(converted, tmp_path, file,
                                              index, change, words):
    networks = [generator(), discriminator(), generator()]
    networks[index] = change(networks[index])
    refused(converted, file, networks, words)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('change', [
    lambda state: (1, (3, ), *state[2:]),           # too few numbers
    lambda state: (1, 'size', *state[2:]),
    lambda state: state[:3],
    lambda state: None,
    lambda state: (*state[:4], 7)])
def test_a_damaged_array_is_refused(converted, file, monkeypatch, change):
    whole = Array.__reduce__

    def damaged(array):
        call, args, *state = whole(array)
        return (call, args, *map(change, state))

    monkeypatch.setattr(Array, '__reduce__', damaged)
    refused(converted, file,
            ({'synthesis/noise1': drawn(2, 2)}, discriminator(), generator()),
            'G: synthesis/noise1 is no array of floats: ')


def test_files_of_another_form_are_refused(tmp_path, file):
    def fails(source, words):
        with pytest.raises(ValueError, match=words):
            convert_weights(source, file, tmp_path / 'ours.pth', 'config.py')

    write_tensorflow_pickle(file, (generator(), discriminator(), generator()))
    for source in ('stylegan2-ada-pytorch', 'stylegan3', 'r3gan'):
        fails(source, 'holds a tuple, expected a dict with G, G_ema, D. A '
              'tuple of TensorFlow networks is a file of stylegan2-tensorflow')
    write_pickle(file, dict(G={}))
    fails(TENSORFLOW, 'holds a dict, expected G, D and Gs of TensorFlow in a '
          'tuple. A network.pkl of PyTorch is')
    broken = Network({}, 'G_main', {})
    for attribute, value, words in (
            ('components', dict(mapping=3), 'G is or has a int, expected a '
             'network with static_kwargs, components and variables'),
            ('variables', ['lod'], 'G: a variable of it is no pair of a name')):
        setattr(broken, attribute, value)
        write_tensorflow_pickle(file, (broken, {}, {}))
        fails(TENSORFLOW, words)
    for networks in ((1, 2, 3), ({}, {}), ({}, {}, 'text')):
        write_tensorflow_pickle(file, networks)
        fails(TENSORFLOW, 'holds a tuple, expected G, D and Gs')
        assert official_source(file) is None
    write_tensorflow_pickle(file, ({}, {}, {}), dict(resample_kernel='x'))
    fails(TENSORFLOW, 'no generator or discriminator has the entries')
    write_tensorflow_pickle(file, (generator(), {}, {}),
                            dict(resample_kernel='x'))
    fails(TENSORFLOW, "generator: resample_kernel is 'x', expected a list")


# --------------------------------------------------------- code in the file


class Payload:
    """A pickle of this makes a folder when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path, )


@torch.no_grad()
def test_code_in_a_file_is_not_run(converted, tmp_path, file):
    net = generator()
    trap = Payload(tmp_path / 'it_ran')
    write_tensorflow_pickle(file, (net, discriminator(), net),
                            dict(func=trap))
    z = torch.randn(2, STYLE)
    check(made_by(converted().generator, z), paint(net, z))
    for networks, words in (
            ((net | {'synthesis/noise0': trap}, {}, net),
             'G: synthesis/noise0 is no array of floats: it is a .*mkdir'),
            ((net, trap, net), 'holds a tuple, expected G, D and Gs')):
        refused(converted, file, networks, words)
    pickle_of_trap = pickle.dumps(trap)
    assert b'mkdir' in pickle_of_trap and not (tmp_path / 'it_ran').exists()
    pickle.loads(pickle_of_trap)
    assert (tmp_path / 'it_ran').exists()


# ------------------------------------------------------------ the other door


def run_migration(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['checkpoint.py', *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(MIGRATE), run_name='__main__')
    return stop.value.code


def test_the_migration_makes_the_same(converted, monkeypatch, tmp_path, file,
                                      capsys):
    write_tensorflow_pickle(file, (generator(), discriminator(), generator()))
    converted()
    new = tmp_path / 'new.pth'
    assert run_migration(monkeypatch, file, new) == REFUSED
    assert 'is a pickle of stylegan2-tensorflow, which does not say' \
        in capsys.readouterr().err and not new.exists()
    assert run_migration(monkeypatch, file, new, '--config',
                         tmp_path / 'config.py') == 0
    assert 'every entry has its place' in capsys.readouterr().out
    found, expected = (torch.load(path, weights_only=True)['state_dict']
                       for path in (new, tmp_path / 'out/ours.pth'))
    assert set(found) == set(expected)
    assert all(torch.equal(found[key], expected[key]) for key in found)


@pytest.mark.parametrize('more, name', OTHERS[:1])
def test_the_migration_refuses_other_networks(
        monkeypatch, tmp_path, file, capsys, more, name):
    write_tensorflow_pickle(
        file, (generator() | more, discriminator(), generator()))
    assert run_migration(monkeypatch, file, tmp_path / 'new.pth') == REFUSED
    printed = capsys.readouterr().err
    assert f'{name!r} of what G_main builds is none of a StyleGAN2' in printed
    assert len(printed.strip().splitlines()) == 1
