"""Files of other projects, by what each entry means there.

The networks of the other projects are written out below as arithmetic on the
entries of a tiny file. The converted network has to make the same numbers.
"""
import os
import pickle
import runpy
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from mmgen.apis.conversion import SOURCES, convert_weights
from mmgen.apis.conversion.huggingface_biggan_deep import statistics_row
from mmgen.engine.checkpointing import load_weights
from mmgen.engine.launching import load_config
from mmgen.registry import MODELS

TOOL = Path(__file__).resolve().parents[2] / 'tools/convert_weights.py'
CONFIGS = TOOL.parents[1] / 'configs'
CLASSES = 5


class Entries(dict):
    """The state dict of a tiny foreign network, random entries under names."""

    def __init__(self, style):
        super().__init__()
        torch.manual_seed(0)
        self.style = style

    def vector(self, name, *shape, about=0.0):
        self[name] = about + 0.3 * torch.randn(*shape)

    def variance(self, name, *shape):
        """A running variance; in the first norm so small that eps counts."""
        first = name.startswith(('generator.layers.0.bn_0', 'blocks.0.0.bn1'))
        self[name] = (0.005 if first else 20.0) * (0.5 + torch.rand(*shape))

    def layer(self, name, *shape, bias=True):
        """A layer whose weight is divided by its singular value."""
        rows, columns = shape[0], torch.Size(shape[1:]).numel()
        weight = torch.randn(shape) * columns**-0.5
        if bias:
            self.vector(f'{name}.bias', rows)
        if self.style == 'torch':
            self[f'{name}.weight_orig'] = weight
            self[f'{name}.weight_u'] = F.normalize(torch.randn(rows), dim=0)
            v = weight.flatten(1).T @ self[f'{name}.weight_u']
            self[f'{name}.weight_v'] = F.normalize(v, dim=0)
        else:
            self[f'{name}.weight'] = weight
            self[f'{name}.u0'] = torch.randn(1, rows)
            self[f'{name}.sv0'] = torch.ones(1)

    def weight(self, name):
        """The divided weight, as it is in eval mode."""
        if self.style == 'torch':
            weight, u, v = (self[f'{name}.weight_{key}']
                            for key in ('orig', 'u', 'v'))
            return weight / (u @ weight.flatten(1) @ v)
        weight = self[f'{name}.weight']
        matrix = weight.flatten(1)
        v = F.normalize(self[f'{name}.u0'] @ matrix)
        u = F.normalize(v @ matrix.T)
        return weight / (v @ matrix.T @ u.T).squeeze()

    def apply(self, name, x):
        """The layer on ``[N, C]`` or ``[N, C, H, W]``."""
        weight, bias = self.weight(name), self.get(f'{name}.bias')
        if x.ndim == 2:
            return F.linear(x, weight, bias)
        return F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)

    def attend(self, x, theta, phi, g, out, share):
        """Self-attention, keys and values pooled by 2."""
        n, _, h, w = x.shape
        theta = self.apply(theta, x).flatten(2)
        phi = F.max_pool2d(self.apply(phi, x), 2).flatten(2)
        g = F.max_pool2d(self.apply(g, x), 2).flatten(2)
        beta = F.softmax(theta.transpose(1, 2) @ phi, -1)
        o = self.apply(out, (g @ beta.transpose(1, 2)).view(n, -1, h, w))
        return self[share] * o + x


def up(x):
    return F.interpolate(x, scale_factor=2)


def image(x):
    """``[N, C, H, W]`` or ``[C]`` as ``[..., C, 1, 1]``."""
    return x[..., None, None]


# --------------------------------- pytorch-pretrained-BigGAN of HuggingFace
# Two stages of two blocks, 16 and 8 channels, attention after the first; the
# last convolution makes 8 channels of which three are the image.

HF_BLOCKS = {0: (16, 16, False), 1: (16, 8, True), 3: (8, 8, False),
             4: (8, 8, True)}
HF_ATTENTION = 2
HF_CONFIG = '''
model = dict(
    type='BigGAN', num_classes=5,
    generator=dict(
        type='BigGANDeepGenerator', output_scale=16, noise_size=6,
        shared_dim=4, sn_style='torch', rgb2bgr=True,
        arch_cfg=dict(in_channels=[16, 8], out_channels=[8, 8],
                      upsample=[True, True], attention=[True, False])),
    discriminator=dict(
        type='BigGANDeepDiscriminator', input_scale=32, base_channels=1,
        sn_style='torch'),
    ema_config=dict(type='ExponentialMovingAverage'))
'''


def hf_file():
    file = Entries('torch')

    def norm(name, channels, conditional=True):
        if conditional:
            file.layer(f'{name}.scale', channels, 10, bias=False)
            file.layer(f'{name}.offset', channels, 10, bias=False)
        else:
            file.vector(f'{name}.weight', channels, about=1.0)
            file.vector(f'{name}.bias', channels)
        file.vector(f'{name}.running_means', 51, channels)
        file.variance(f'{name}.running_vars', 51, channels)

    file.vector('embeddings.weight', 4, CLASSES)
    file.layer('generator.gen_z', 16 * 16, 10)
    for index, (wide, out, _) in HF_BLOCKS.items():
        name, inner = f'generator.layers.{index}', wide // 4
        for part, (channels, width, size) in enumerate(
            [(wide, inner, 1), (inner, inner, 3), (inner, inner, 3),
             (inner, out, 1)]):
            norm(f'{name}.bn_{part}', channels)
            file.layer(f'{name}.conv_{part}', width, channels, size, size)
    name = f'generator.layers.{HF_ATTENTION}'
    for part, width, channels in (('theta', 1, 8), ('phi', 1, 8), ('g', 4, 8),
                                  ('o_conv', 8, 4)):
        file.layer(f'{name}.snconv1x1_{part}', width, channels, 1, 1,
                   bias=False)
    file.vector(f'{name}.gamma', 1, about=1.0)
    norm('generator.bn', 8, conditional=False)
    file.layer('generator.conv_to_rgb', 8, 8, 3, 3)
    return file


def hf_image(file, z, labels, row):
    onehot = F.one_hot(labels, CLASSES).float()
    embedded = F.linear(onehot, file['embeddings.weight'])
    condition = torch.cat([z, embedded], 1)

    def norm(name, x):
        mean, var = (image(file[f'{name}.running_{what}'][row])
                     for what in ('means', 'vars'))
        x = (x - mean) / torch.sqrt(var + 1e-4)
        if f'{name}.weight' in file:
            return x * image(file[f'{name}.weight']) + image(
                file[f'{name}.bias'])
        return x * (1 + image(file.apply(f'{name}.scale', condition))) + image(
            file.apply(f'{name}.offset', condition))

    x = file.apply('generator.gen_z', condition)
    x = x.view(-1, 4, 4, 16).permute(0, 3, 1, 2)
    for index in sorted([*HF_BLOCKS, HF_ATTENTION]):
        name = f'generator.layers.{index}'
        if index == HF_ATTENTION:
            x = file.attend(
                x, *(f'{name}.snconv1x1_{part}'
                     for part in ('theta', 'phi', 'g', 'o_conv')),
                f'{name}.gamma')
            continue
        _, out, grows = HF_BLOCKS[index]
        h = x
        for part in range(4):
            h = norm(f'{name}.bn_{part}', h).relu()
            h = up(h) if grows and part == 1 else h
            h = file.apply(f'{name}.conv_{part}', h)
        x = x[:, :out]
        x = h + (up(x) if grows else x)
    x = file.apply('generator.conv_to_rgb', norm('generator.bn', x).relu())
    return torch.tanh(x[:, :3])


# -------------------------------------------------------- BigGAN-PyTorch
# Two blocks, attention after the first in both networks.

AJ_CONFIG = '''
model = dict(
    type='BigGAN', num_classes=5,
    generator=dict(
        type='BigGANGenerator', output_scale=16, noise_size=9, shared_dim=4,
        rgb2bgr=True,
        arch_cfg=dict(in_channels=[12, 8], out_channels=[8, 6],
                      upsample=[True, True], attention=[True, False])),
    discriminator=dict(
        type='BigGANDiscriminator', input_scale=16,
        arch_cfg=dict(in_channels=[3, 8], out_channels=[8, 8],
                      downsample=[True, False], attention=[True, False])),
    ema_config=dict(type='ExponentialMovingAverage'))
'''


def aj_attention(file, name):
    for part, width, channels in (('theta', 1, 8), ('phi', 1, 8), ('g', 4, 8),
                                  ('o', 8, 4)):
        file.layer(f'{name}.{part}', width, channels, 1, 1, bias=False)
    file[f'{name}.gamma'] = torch.tensor(0.7)


def aj_attend(file, name, x):
    return file.attend(x, *(f'{name}.{part}' for part in (
        'theta', 'phi', 'g', 'o', 'gamma')))


def aj_generator_file():
    file = Entries('ajbrock')
    file.vector('shared.weight', CLASSES, 4)
    file.layer('linear', 12 * 16, 3)
    for index, (channels, width) in enumerate([(12, 8), (8, 6)]):
        name = f'blocks.{index}.0'
        file.layer(f'{name}.conv1', width, channels, 3, 3)
        file.layer(f'{name}.conv2', width, width, 3, 3)
        file.layer(f'{name}.conv_sc', width, channels, 1, 1)
        for bn, size in (('bn1', channels), ('bn2', width)):
            file.layer(f'{name}.{bn}.gain', size, 7, bias=False)
            file.layer(f'{name}.{bn}.bias', size, 7, bias=False)
            file.vector(f'{name}.{bn}.stored_mean', size)
            file.variance(f'{name}.{bn}.stored_var', size)
    aj_attention(file, 'blocks.0.1')
    file.vector('output_layer.0.gain', 6, about=1.0)
    file.vector('output_layer.0.bias', 6)
    file.vector('output_layer.0.stored_mean', 6)
    file.variance('output_layer.0.stored_var', 6)
    file.layer('output_layer.2', 3, 6, 3, 3)
    return file


def aj_image(file, z, labels):
    first, *parts = z.split(3, 1)
    embedded = file['shared.weight'][labels]

    def stored(name, x, gain, bias):
        x = x - image(file[f'{name}.stored_mean'])
        x = x / torch.sqrt(image(file[f'{name}.stored_var']) + 1e-5)
        return x * image(gain) + image(bias)

    x = file.apply('linear', first).view(-1, 12, 4, 4)
    for index, part in enumerate(parts):
        name = f'blocks.{index}.0'
        y = torch.cat([embedded, part], 1)

        def norm(bn, x):
            return stored(
                f'{name}.{bn}', x, 1 + file.apply(f'{name}.{bn}.gain', y),
                file.apply(f'{name}.{bn}.bias', y))

        h = file.apply(f'{name}.conv1', up(norm('bn1', x).relu()))
        h = file.apply(f'{name}.conv2', norm('bn2', h).relu())
        x = h + file.apply(f'{name}.conv_sc', up(x))
        if index == 0:
            x = aj_attend(file, 'blocks.0.1', x)
    x = stored('output_layer.0', x, file['output_layer.0.gain'],
               file['output_layer.0.bias'])
    return torch.tanh(file.apply('output_layer.2', x.relu()))


def aj_discriminator_file():
    file = Entries('ajbrock')
    for index, channels in enumerate((3, 8)):
        file.layer(f'blocks.{index}.0.conv1', 8, channels, 3, 3)
        file.layer(f'blocks.{index}.0.conv2', 8, 8, 3, 3)
    file.layer('blocks.0.0.conv_sc', 8, 3, 1, 1)
    aj_attention(file, 'blocks.0.1')
    file.layer('linear', 1, 8)
    file.layer('embed', CLASSES, 8, bias=False)
    return file


def aj_logits(file, x, labels):
    h = file.apply('blocks.0.0.conv1', x)
    h = file.apply('blocks.0.0.conv2', h.relu())
    x = F.avg_pool2d(h, 2) + file.apply(
        'blocks.0.0.conv_sc', F.avg_pool2d(x, 2))
    x = aj_attend(file, 'blocks.0.1', x)
    h = file.apply('blocks.1.0.conv1', x.relu())
    x = file.apply('blocks.1.0.conv2', h.relu()) + x
    h = x.relu().sum((2, 3))
    embedded = file.weight('embed')[labels]
    return file.apply('linear', h) + (embedded * h).sum(1, keepdim=True)


# -------------------------------------------------------------- StudioGAN
# SAGAN at 32 pixels with 8 channels; its activations overwrite their input.

STUDIO_CONFIG = '''
model = dict(
    type='SAGAN', num_classes=5, noise_size=6,
    generator=dict(
        type='SAGANGenerator', output_scale=32, base_channels=8,
        attention_after_nth_block=2, with_spectral_norm=True,
        rgb_to_bgr=True),
    discriminator=dict(
        type='SAGANDiscriminator', input_scale=32, base_channels=8,
        attention_after_nth_block=1, with_spectral_norm=True,
        act_cfg=dict(type='ReLU', inplace=True)),
    ema_config=dict(type='ExponentialMovingAverage'))
'''
STUDIO_PARTS = ('theta', 'phi', 'g', 'attn')


def studio_attention(file, name):
    for part, width, channels in zip(STUDIO_PARTS, (1, 1, 4, 8), (8, 8, 8, 4)):
        file.layer(f'{name}.conv1x1_{part}', width, channels, 1, 1, bias=False)
    file.vector(f'{name}.sigma', 1, about=1.0)


def studio_attend(file, name, x):
    return file.attend(
        x, *(f'{name}.conv1x1_{part}' for part in STUDIO_PARTS),
        f'{name}.sigma')


def studio_generator_file():
    file = Entries('torch')

    def norm(name):
        file.vector(f'{name}.running_mean', 8)
        file.variance(f'{name}.running_var', 8)
        file[f'{name}.num_batches_tracked'] = torch.tensor(9)

    file.layer('linear0', 8 * 16, 6)
    for index in (0, 1, 3):
        name = f'blocks.{index}.0'
        for part, size in enumerate((1, 3, 3)):
            file.layer(f'{name}.conv2d{part}', 8, 8, size, size)
        for bn in ('bn1', 'bn2'):
            norm(f'{name}.{bn}.bn')
            file.layer(f'{name}.{bn}.embed0', CLASSES, 8, bias=False)
            file.layer(f'{name}.{bn}.embed1', CLASSES, 8, bias=False)
    studio_attention(file, 'blocks.2.0')
    norm('bn4')
    file.vector('bn4.weight', 8, about=1.0)
    file.vector('bn4.bias', 8)
    file.layer('conv2d5', 3, 8, 3, 3)
    return file


def studio_image(file, z, labels):

    def norm(name, x):
        return F.batch_norm(
            x, file[f'{name}.running_mean'], file[f'{name}.running_var'],
            file.get(f'{name}.weight'), file.get(f'{name}.bias'), eps=1e-4)

    def class_norm(name, x):
        gain, bias = (image(file.weight(f'{name}.embed{i}')[labels])
                      for i in (0, 1))
        return norm(f'{name}.bn', x) * (1 + gain) + bias

    x = file.apply('linear0', z).view(-1, 8, 4, 4)
    for index in range(4):
        name = f'blocks.{index}.0'
        if index == 2:
            x = studio_attend(file, name, x)
            continue
        h = up(class_norm(f'{name}.bn1', x).relu())
        h = class_norm(f'{name}.bn2', file.apply(f'{name}.conv2d1', h))
        h = file.apply(f'{name}.conv2d2', h.relu())
        x = h + file.apply(f'{name}.conv2d0', up(x))
    return torch.tanh(file.apply('conv2d5', norm('bn4', x).relu()))


def studio_discriminator_file():
    file = Entries('torch')
    for index, channels in ((0, 3), (2, 8), (3, 8), (4, 8)):
        file.layer(f'blocks.{index}.0.conv2d1', 8, channels, 3, 3)
        file.layer(f'blocks.{index}.0.conv2d2', 8, 8, 3, 3)
        if index < 3:
            file.layer(f'blocks.{index}.0.conv2d0', 8, channels, 1, 1)
    studio_attention(file, 'blocks.1.0')
    file.layer('linear1', 1, 8)
    file.layer('embedding', CLASSES, 8, bias=False)
    return file


def studio_logits(file, x, labels):
    for index in range(5):
        name = f'blocks.{index}.0'
        if index == 1:
            x = studio_attend(file, name, x)
            continue
        if index > 0:
            x = x.relu()
        h = file.apply(f'{name}.conv2d1', x).relu()
        h = file.apply(f'{name}.conv2d2', h)
        if index < 3:
            x = file.apply(f'{name}.conv2d0', F.avg_pool2d(x, 2))
            h = F.avg_pool2d(h, 2)
        x = h + x
    h = x.relu().sum((2, 3))
    embedded = file.weight('embedding')[labels]
    return file.apply('linear1', h) + (embedded * h).sum(1, keepdim=True)


# ------------------------------------------------------------------ tests


CASES = {
    'huggingface-biggan-deep': HF_CONFIG,
    'biggan-pytorch': AJ_CONFIG,
    'studiogan': STUDIO_CONFIG,
}
GENERATORS = {
    'huggingface-biggan-deep':
    (hf_file, lambda file, z, y: hf_image(file, z, y, 50)),
    'biggan-pytorch': (aj_generator_file, aj_image),
    'studiogan': (studio_generator_file, studio_image),
}
DISCRIMINATORS = {
    'biggan-pytorch': (aj_discriminator_file, aj_logits),
    'studiogan': (studio_discriminator_file, studio_logits),
}
LABELS = torch.tensor([1, 4, 0])


@pytest.fixture
def convert(tmp_path, monkeypatch, capsys):
    """Writes a file, runs the tool on it, and loads what comes out."""

    def run(source, state, *options, config=None):
        torch.save(state, tmp_path / 'foreign.pth')
        (tmp_path / 'config.py').write_text(config or CASES[source])
        monkeypatch.setattr(sys, 'argv', [
            'convert_weights.py', '--from', source,
            str(tmp_path / 'foreign.pth'), str(tmp_path / 'out' / 'ours.pth'),
            '--config', str(tmp_path / 'config.py'), *options])
        runpy.run_path(str(TOOL), run_name='__main__')
        checkpoint = torch.load(
            tmp_path / 'out' / 'ours.pth', weights_only=True)
        torch.manual_seed(1)
        model = MODELS.build(load_config(tmp_path / 'config.py').model)
        load_weights(model, checkpoint['state_dict'], False, 'ours.pth')
        return model.eval(), checkpoint, capsys.readouterr().out

    return run


@torch.no_grad()
@pytest.mark.parametrize('source', GENERATORS)
def test_a_generator_makes_the_same_images(convert, source):
    make, paint = GENERATORS[source]
    file = make()
    model, checkpoint, said = convert(source, dict(file))
    z = torch.randn(3, model.noise_size)
    expected = paint(file, z, LABELS)
    assert expected.std() > 0.1 and expected.abs().median() < 0.9
    for generator in (model.generator, model.generator_ema):
        # The foreign project makes RGB, ours BGR.
        torch.testing.assert_close(
            generator(z, LABELS).flip(1), expected, rtol=0, atol=1e-5)
    assert 'the generator of' in said
    assert checkpoint['meta']['converted_from'] == source
    assert not any(key.startswith('discriminator')
                   for key in checkpoint['state_dict'])


@torch.no_grad()
@pytest.mark.parametrize('source', DISCRIMINATORS)
def test_a_discriminator_judges_the_same(convert, source):
    make, judge = DISCRIMINATORS[source]
    file = make()
    model, checkpoint, said = convert(source, dict(file))
    side = model.discriminator.input_scale
    images = torch.rand(3, 3, side, side) * 2 - 1
    torch.testing.assert_close(
        model.discriminator(images.flip(1), LABELS),
        judge(file, images, LABELS), rtol=1e-5, atol=1e-5)
    assert 'the discriminator of' in said
    assert all(key.startswith('discriminator')
               for key in checkpoint['state_dict'])


@torch.no_grad()
def test_a_project_in_rgb_stays_in_rgb(convert):
    file, image_file = aj_discriminator_file(), aj_generator_file()
    config = AJ_CONFIG.replace('rgb2bgr=True', 'rgb2bgr=False')
    images = torch.rand(3, 3, 16, 16) * 2 - 1
    model, _, _ = convert('biggan-pytorch', dict(file), config=config)
    torch.testing.assert_close(
        model.discriminator(images, LABELS), aj_logits(file, images, LABELS))
    model, _, _ = convert('biggan-pytorch', dict(image_file), config=config)
    z = torch.randn(3, 9)
    torch.testing.assert_close(
        model.generator(z, LABELS), aj_image(image_file, z, LABELS),
        rtol=0, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('truncation, row', [('0.4', 20), ('0', 0),
                                             ('0.02', 1)])
def test_statistics_are_those_of_the_truncation(convert, truncation, row):
    file = hf_file()
    model, checkpoint, _ = convert(
        'huggingface-biggan-deep', dict(file), '--truncation', truncation)
    z = torch.randn(3, 6)
    torch.testing.assert_close(
        model.generator(z, LABELS).flip(1), hf_image(file, z, LABELS, row),
        rtol=0, atol=1e-5)
    assert checkpoint['meta']['truncation'] == float(truncation)


@torch.no_grad()
def test_epsilon_of_the_config_does_not_matter(convert):
    file = hf_file()
    config = HF_CONFIG.replace('rgb2bgr', "out_norm_cfg=dict(type='BN', "
                               "eps=1e-4), blocks_cfg=dict(type="
                               "'BigGANDeepGenResBlock', bn_eps=1e-3), "
                               'rgb2bgr')
    model, _, _ = convert(
        'huggingface-biggan-deep', dict(file), config=config)
    assert model.generator.conv_blocks[0].bn1.bn.eps == 1e-3
    z = torch.randn(3, 6)
    torch.testing.assert_close(
        model.generator(z, LABELS).flip(1), hf_image(file, z, LABELS, 50),
        rtol=0, atol=1e-5)


@torch.no_grad()
def test_training_on_divides_the_image_rows_by_their_own_norm(convert):
    """As the docstring of the module says."""
    file = hf_file()
    model, _, _ = convert('huggingface-biggan-deep', dict(file))
    conv = model.generator.output_layer.conv
    rows = file['generator.conv_to_rgb.weight_orig'][:3]
    torch.testing.assert_close(conv.weight_orig, rows)
    torch.testing.assert_close(
        conv.normalized_weight(), file.weight('generator.conv_to_rgb')[:3])
    conv.train()
    torch.testing.assert_close(
        conv.normalized_weight(),
        rows / torch.linalg.matrix_norm(rows.flatten(1), 2))


def test_training_goes_on_from_the_average(convert):
    model, _, _ = convert('biggan-pytorch', dict(aj_generator_file()))
    with torch.no_grad():
        model.generator.noise2feat.bias += 1
    before = model.generator_ema.module.noise2feat.bias.clone()
    model.generator_ema.update_parameters(model.generator)
    after = model.generator_ema.module.noise2feat.bias
    torch.testing.assert_close(
        after, before + model.generator_ema.momentum)


def test_wrapped_files_are_opened(convert):
    state = {f'module.{key}': value
             for key, value in aj_generator_file().items()}
    wrapped, _, _ = convert(
        'biggan-pytorch', dict(state_dict=OrderedDict(state), step=3))
    plain, _, _ = convert('biggan-pytorch', dict(aj_generator_file()))
    for key, value in plain.generator.state_dict().items():
        assert torch.equal(wrapped.generator.state_dict()[key], value)


def test_file_is_not_larger_than_its_content(convert, tmp_path):
    """A row of a table is not written with the whole table."""
    _, checkpoint, _ = convert('huggingface-biggan-deep', dict(hf_file()))
    entry = checkpoint['state_dict']['generator.output_layer.bn.running_mean']
    assert entry.untyped_storage().nbytes() == entry.numel() * 4


def without(state, key):
    return {name: value for name, value in state.items() if name != key}


@pytest.mark.parametrize('source, state, words', [
    ('biggan-pytorch', {**aj_generator_file(), 'blocks.0.0.bn3.gain': 0.0},
     "the entry 'blocks.0.0.bn3.gain' is a float, expected a tensor"),
    ('biggan-pytorch',
     {**aj_generator_file(), 'blocks.0.0.bn3.gain': torch.zeros(1)},
     r"foreign.pth \(biggan-pytorch\): the entry 'blocks.0.0.bn3.gain' is not "
     'known. The spellings that are known stand in docs/converting_weights'),
    ('biggan-pytorch',
     {**aj_generator_file(), 'blocks.2.0.conv1.bias': torch.zeros(1)},
     "the entry 'blocks.2.0.conv1.bias' would be "
     r'conv_blocks.3.conv1.conv.bias, which the generator of .*config.py does '
     'not have. Give the config of this model with --config'),
    ('biggan-pytorch', without(aj_generator_file(), 'blocks.0.1.phi.u0'),
     'there is nothing for conv_blocks.1.phi.conv.u0 of the generator of'),
    ('studiogan', without(studio_generator_file(),
                          'blocks.3.0.bn1.bn.running_var'),
     'there is nothing for conv_blocks.3.norm_1.norm.running_var'),
    ('studiogan', {**studio_discriminator_file(),
                   'linear3.weight_orig': torch.zeros(1)},
     "the entry 'linear3.weight_orig' is not known"),
    ('huggingface-biggan-deep',
     without(hf_file(), 'generator.conv_to_rgb.weight_u'),
     'there is nothing for output_layer.conv.weight_u'),
    ('huggingface-biggan-deep',
     {**hf_file(), 'generator.gen_z.bias': torch.zeros(3)},
     "the entry 'generator.gen_z.bias' makes noise2feat.bias with shape "
     r'\[3\], expected \[256\] in the generator of'),
    ('huggingface-biggan-deep',
     {**hf_file(), 'generator.bn.running_means': torch.zeros(8)},
     r'output_layer.bn.running_mean comes from statistics \[8\], expected '
     r'\[51, C\]'),
    ('huggingface-biggan-deep', dict(aj_generator_file()),
     'no generator has the entries that it has, e.g. blocks.0.0.bn1.bias.sv0'),
    ('biggan-pytorch', dict(studio_generator_file()),
     'no generator or discriminator has the entries .* of another project?'),
])
def test_what_does_not_fit_is_refused_by_name(convert, tmp_path, source,
                                              state, words):
    with pytest.raises(SystemExit, match=words):
        convert(source, state)
    assert not (tmp_path / 'out').exists()


def test_a_network_that_the_config_lacks_is_refused(convert):
    config = 'model = dict(type="BigGAN", generator=dict(' \
        'type="BigGANGenerator", output_scale=32, base_channels=1))'
    with pytest.raises(SystemExit, match='it holds a discriminator, but there '
                       'is none in .*config.py. Give another --config'):
        convert('biggan-pytorch', dict(aj_discriminator_file()), config=config)


@pytest.mark.parametrize('truncation', ['1.1', '-0.02', '0.41'])
def test_a_truncation_without_statistics_is_refused(convert, truncation):
    with pytest.raises(SystemExit, match=f'truncation={truncation}, but the '
                       'file holds statistics for 0.00, 0.02, ..., 1.00'):
        convert('huggingface-biggan-deep', dict(hf_file()), '--truncation',
                truncation)


def test_a_truncation_where_there_is_none_is_refused(convert):
    with pytest.raises(SystemExit, match='only the files of huggingface'):
        convert('studiogan', dict(studio_generator_file()), '--truncation',
                '1')


def test_rows_of_the_statistics():
    assert [statistics_row(k / 50) for k in range(51)] == list(range(51))


class Payload:
    """A pickle of this makes a folder when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path, )


@pytest.mark.parametrize('inside', [True, False])
def test_code_in_a_file_is_not_run(tmp_path, inside):
    payload = Payload(str(tmp_path / 'it_ran'))
    file = tmp_path / 'foreign.pth'
    if inside:
        torch.save({**aj_generator_file(), 'extra': payload}, file)
    else:
        file.write_bytes(pickle.dumps(payload, protocol=2))
    with pytest.raises(RuntimeError, match='foreign.pth'):
        convert_weights(
            'biggan-pytorch', file, tmp_path / 'ours.pth', 'config.py')
    assert [path.name for path in tmp_path.iterdir()] == ['foreign.pth']


def test_other_wrong_calls_are_refused(convert, tmp_path):
    with pytest.raises(SystemExit):
        convert('stylegan', {}, config=AJ_CONFIG)
    with pytest.raises(ValueError, match="source='stylegan', expected one of "
                       'biggan-pytorch, studiogan, huggingface-biggan-deep'):
        convert_weights('stylegan', 'a', 'b', 'c')
    with pytest.raises(FileNotFoundError, match='no checkpoint .*gone.pth'):
        convert_weights('studiogan', tmp_path / 'gone.pth', 'b', 'c')


@pytest.mark.parametrize('source', SOURCES)
def test_the_default_config_is_there(source):
    assert (CONFIGS / SOURCES[source].config).is_file()
