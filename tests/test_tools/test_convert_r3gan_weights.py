"""Files of R3GAN, by what each entry means there.

A tiny network is written out as arithmetic. The converted network has to make
the same numbers.
"""
import pytest
import torch
import torch.nn.functional as F
from official_pickle_files import write_pickle

from mmgen.apis.conversion import convert_weights
from mmgen.engine.checkpointing import load_weights
from mmgen.engine.launching import load_config
from mmgen.registry import MODELS

WIDTHS, NOISE, GROUP, CLASSES = (16, 8, 8), 5, 8, 3
CONFIG = f'''
model = dict(
    type='R3GAN', num_classes=0,
    generator=dict(
        type='R3GANGenerator', widths={WIDTHS}, noise_size={NOISE},
        group_size={GROUP}),
    discriminator=dict(
        type='R3GANDiscriminator', widths={WIDTHS}, group_size={GROUP}),
    loss_config=dict(gamma=(1, 1), gamma_iters=1),
    ema_config=dict(type='ExponentialMovingAverage'))
'''


def conv(out, inn, size=1):
    return 0.4 * torch.randn(out, inn, size, size)


def put_blocks(state, stage, width):
    inside = 2 * width
    for block in range(2):
        name = f'Model.MainLayers.{stage}.Layers.{block}'
        state |= {
            f'{name}.LinearLayer1.Layer.weight': conv(inside, width),
            f'{name}.LinearLayer2.Layer.weight': conv(inside, GROUP, 3) / 2,
            f'{name}.LinearLayer3.Layer.weight': conv(width, inside) / 2,
            f'{name}.NonLinearity1.Bias': torch.randn(inside),
            f'{name}.NonLinearity2.Bias': torch.randn(inside),
        }


def put_width_change(state, stage, before, after):
    name = f'Model.MainLayers.{stage}.TransitionLayer'
    state[f'{name}.Resampler.Kernel'] = torch.ones(4, 4) / 16
    if before != after:
        state[f'{name}.LinearLayer.Layer.weight'] = conv(after, before)


def generator(classes):
    state = {'Model.AggregationLayer.Layer.weight': conv(3, WIDTHS[-1])}
    inputs = NOISE
    if classes:
        inputs *= 2
        state['Model.EmbeddingLayer.weight'] = torch.randn(NOISE, classes)
    first = 'Model.MainLayers.0.TransitionLayer'
    state[f'{first}.Basis'] = torch.randn(WIDTHS[0], 4, 4)
    state[f'{first}.LinearLayer.weight'] = torch.randn(WIDTHS[0], inputs)
    for stage, (before, width) in enumerate(zip((None, *WIDTHS), WIDTHS)):
        put_blocks(state, stage, width)
        if before:
            put_width_change(state, stage, before, width)
    return state


def discriminator(classes):
    widths = WIDTHS[::-1]
    state = {'Model.ExtractionLayer.Layer.weight': conv(widths[0], 3)}
    for stage, (width, after) in enumerate(zip(widths, (*widths[1:], None))):
        put_blocks(state, stage, width)
        if after:
            put_width_change(state, stage, width, after)
    last = f'Model.MainLayers.{len(widths) - 1}.TransitionLayer'
    state[f'{last}.Basis.weight'] = conv(widths[-1], 1, 4)
    state[f'{last}.LinearLayer.weight'] = torch.randn(
        widths[-1] if classes else 1, widths[-1])
    if classes:
        state['Model.EmbeddingLayer.weight'] = torch.randn(
            widths[-1], classes)
    return state


def one_hot(labels):
    return F.one_hot(labels, CLASSES).float()


def run_blocks(state, stage, x):
    for block in range(2):
        name = f'Model.MainLayers.{stage}.Layers.{block}'

        def bias(which):
            return state[f'{name}.NonLinearity{which}.Bias'].view(1, -1, 1, 1)

        def layer(which, y, **how):
            return F.conv2d(
                y, state[f'{name}.LinearLayer{which}.Layer.weight'], **how)

        y = F.leaky_relu(layer(1, x) + bias(1), 0.2)
        y = layer(2, y, padding=1, groups=y.shape[1] // GROUP)
        x = x + layer(3, F.leaky_relu(y + bias(2), 0.2))
    return x


def run_width_change(state, stage, x):
    name = f'Model.MainLayers.{stage}.TransitionLayer.LinearLayer.Layer.weight'
    return F.conv2d(x, state[name]) if name in state else x


def double(x):
    """Bilinear, with zeros around the image."""
    x = F.interpolate(F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode='bilinear')
    return x[:, :, 2:-2, 2:-2]


def halve(x):
    x = F.interpolate(F.pad(x, (2, 2, 2, 2)), scale_factor=0.5,
                      mode='bilinear', antialias=True)
    return x[:, :, 1:-1, 1:-1]


def paint(state, z, labels):
    if 'Model.EmbeddingLayer.weight' in state:
        z = torch.cat(
            [z, one_hot(labels) @ state['Model.EmbeddingLayer.weight'].T], 1)
    first = 'Model.MainLayers.0.TransitionLayer'
    x = (z @ state[f'{first}.LinearLayer.weight'].T)[:, :, None, None] \
        * state[f'{first}.Basis']
    for stage in range(len(WIDTHS)):
        if stage:
            x = double(run_width_change(state, stage, x))
        x = run_blocks(state, stage, x)
    return F.conv2d(x, state['Model.AggregationLayer.Layer.weight'])


def judge(state, x, labels):
    x = F.conv2d(x, state['Model.ExtractionLayer.Layer.weight'])
    for stage in range(len(WIDTHS)):
        x = run_blocks(state, stage, x)
        if stage < len(WIDTHS) - 1:
            x = run_width_change(state, stage, halve(x))
    last = f'Model.MainLayers.{len(WIDTHS) - 1}.TransitionLayer'
    x = F.conv2d(x, state[f'{last}.Basis.weight'], groups=x.shape[1])
    x = x.flatten(1) @ state[f'{last}.LinearLayer.weight'].T
    if 'Model.EmbeddingLayer.weight' not in state:
        return x
    embedded = one_hot(labels) @ state['Model.EmbeddingLayer.weight'].T
    return (x * embedded).sum(1, keepdim=True)


@pytest.fixture
def convert(tmp_path):
    """Writes a file, converts it, and loads what comes out."""

    def run(networks, classes=0):
        file = tmp_path / 'network-snapshot.pkl'
        write_pickle(file, networks)
        config = CONFIG.replace('num_classes=0', f'num_classes={classes}')
        (tmp_path / 'config.py').write_text(config)
        convert_weights('r3gan', file, tmp_path / 'ours.pth',
                        tmp_path / 'config.py')
        checkpoint = torch.load(tmp_path / 'ours.pth', weights_only=True)
        model = MODELS.build(load_config(tmp_path / 'config.py').model)
        load_weights(model, checkpoint['state_dict'], False, 'ours.pth')
        return model.eval()

    return run


def check(actual, expected):
    """Equal, measured by how much the numbers differ among themselves."""
    spread = float(expected.std())
    assert spread > 0.02
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5 * spread)


@torch.no_grad()
@pytest.mark.parametrize('classes', [0, CLASSES])
def test_all_networks_do_the_same(convert, classes):
    torch.manual_seed(0)
    theirs = dict(G=generator(classes), G_ema=generator(classes),
                  D=discriminator(classes))
    model = convert(theirs, classes)
    z, labels = torch.randn(4, NOISE), torch.tensor([2, 0, 1, 2])
    given = dict(label=labels) if classes else {}
    for name, ours in dict(G=model.generator,
                           G_ema=model.generator_ema).items():
        rgb = paint(theirs[name], z, labels)
        check(ours(z, **given), rgb.flip(1))
    images = torch.randn(4, 3, 16, 16)
    check(model.discriminator(images.flip(1), **given),
          judge(theirs['D'], images, labels))


def test_a_key_that_is_not_known_is_refused(convert):
    state = generator(0) | {'Model.MainLayers.0.Norm.weight': torch.zeros(1)}
    with pytest.raises(ValueError, match=r"r3gan\), generator: the entry "
                       "'Model.MainLayers.0.Norm.weight' is not known"):
        convert(dict(G=state))


def test_a_file_with_more_stages_is_refused(convert):
    state = generator(0)
    put_blocks(state, 3, WIDTHS[-1])
    with pytest.raises(ValueError, match='would be stages.9.expand.weight, '
                       'which the generator of .*config.py does not have'):
        convert(dict(G=state))
