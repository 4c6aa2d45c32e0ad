"""BigGAN's networks: recorded numbers, the paper."""
from copy import deepcopy

import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import (BigGAN, BigGANDiscResBlock, BigGANDiscriminator,
                          BigGANGenerator, BigGANGenResBlock,
                          SelfAttentionBlock)
from mmgen.registry import MODULES

STYLES = ('torch', 'ajbrock')


@torch.no_grad()
@pytest.mark.parametrize('name', ['biggan32_torchsn', 'biggan64_ajbrock'])
def test_recorded_numbers(name):
    case = GoldenCase(name)
    z, x, y = (case.input(key) for key in 'zxy')
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    case.check('G', g(z, label=y))
    case.check('D', d(x, label=y))
    case.check('G_trunc0.5', g(z, label=y, truncation=0.5))
    if 'emb' in case.meta['inputs']:
        embedded = g(z, label=case.input('emb'), use_outside_embedding=True)
        case.check('G_emb', embedded)


def tiny_generator(**settings):
    torch.manual_seed(0)
    return BigGANGenerator(
        **dict(dict(output_scale=32, num_classes=5, base_channels=4,
                    noise_size=16, shared_dim=6), **settings))


def tiny_discriminator(**settings):
    torch.manual_seed(0)
    return BigGANDiscriminator(
        **dict(dict(input_scale=32, num_classes=5, base_channels=4),
               **settings))


# Side of the feature map after a block -> its channels, from the paper's
# tables 4 to 6.
@pytest.mark.parametrize('scale, generator, discriminator', [
    (128, {8: 16, 16: 8, 32: 4, 64: 2, 128: 1},
     {64: 1, 32: 2, 16: 4, 8: 8, 4: 16}),
    (256, {8: 16, 16: 8, 32: 8, 64: 4, 128: 2, 256: 1},
     {128: 1, 64: 2, 32: 4, 16: 8, 8: 8, 4: 16}),
    (512, {8: 16, 16: 8, 32: 8, 64: 4, 128: 2, 256: 1, 512: 1},
     {256: 1, 128: 1, 64: 2, 32: 4, 16: 8, 8: 8, 4: 16}),
])
def test_layout_is_the_papers(scale, generator, discriminator):
    with torch.device('meta'):
        g = BigGANGenerator(scale, base_channels=1)
        d = BigGANDiscriminator(scale, base_channels=1)
    last = d.conv_blocks[-1]
    assert isinstance(last.downsample, nn.Identity)
    assert last.conv2.conv.out_channels == 16
    for blocks, factor, side, expected in (
        (g.conv_blocks, 2, 4, generator),
        (d.conv_blocks[:-1], 0.5, scale, discriminator)):
        found, attends_at = {}, []
        for block in blocks:
            if isinstance(block, SelfAttentionBlock):
                attends_at.append(side)
            else:
                side = int(side * factor)
                found[side] = block.conv2.conv.out_channels
        assert found == expected and attends_at == [64]


@pytest.mark.parametrize('upsample', [True, False])
def test_generator_block_is_the_figure(upsample):
    torch.manual_seed(0)
    block = BigGANGenResBlock(
        4, 3, 5, with_spectral_norm=False,
        upsample_cfg=dict(type='nearest', scale_factor=2)
        if upsample else None)
    x, y = torch.randn(2, 4, 6, 6), torch.randn(2, 5)

    def up(h):
        if not upsample:
            return h
        return h.repeat_interleave(2, 2).repeat_interleave(2, 3)

    h = block.conv1(up(block.bn1(x, y).relu()))
    h = block.conv2(block.bn2(h, y).relu())
    torch.testing.assert_close(block(x, y), h + block.shortcut(up(x)))


@pytest.mark.parametrize('head', [True, False])
def test_discriminator_block_is_the_figure(head):
    torch.manual_seed(0)
    block = BigGANDiscResBlock(
        4, 3, act_cfg=dict(type='ReLU', inplace=True),
        with_spectral_norm=False, is_head_block=head)
    x = torch.randn(2, 4, 6, 6)

    def down(h):
        return sum(h[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4

    h = block.conv2(block.conv1(x if head else x.relu()).relu())
    expected = down(h) + down(block.shortcut(x))
    torch.testing.assert_close(block(x.clone()), expected)


def test_noise_is_split_and_the_class_embedded():
    g = tiny_generator().eval()
    assert g.noise_size == 16
    z, y = torch.randn(2, 16), torch.tensor([1, 4])
    first, *conditions = g.split_conditions(z, g.embed(y))
    torch.testing.assert_close(first, z[:, :4])
    for index, condition in enumerate(conditions, 1):
        expected = torch.cat(
            [g.shared_embedding.weight[y], z[:, 4 * index:4 * index + 4]], 1)
        torch.testing.assert_close(condition, expected)


def test_noise_that_fills_no_whole_part_is_not_used():
    g = tiny_generator(noise_size=18).eval()
    assert g.noise_size == 18
    z = torch.randn(2, 18)
    images = g(z, 1)
    changed = z.clone()
    changed[:, 16:] += 1
    torch.testing.assert_close(g(changed, 1), images, rtol=0, atol=0)
    changed[:, 15] += 1
    assert not torch.equal(g(changed, 1), images)
    torch.testing.assert_close(g(z[:, :16], 1), images, rtol=0, atol=0)
    made = g(None, num_batches=2, return_noise=True)
    assert made['noise_batch'].shape == (2, 18)
    with pytest.raises(ValueError, match=r'\[2, 17\], expected \[N, 18\]'):
        g(z[:, :17], 1)


def test_a_model_and_its_generator_agree_on_the_noise_that_was_asked_for():
    generator = dict(
        type='BigGANGenerator', output_scale=256, noise_size=120,
        base_channels=1, shared_dim=4, num_classes=5)
    model = BigGAN(generator, None, noise_size=120, num_classes=5)
    assert model.noise_size == model.generator.noise_size == 120
    assert model.generator.noise2feat.in_features == 17
    sample, = model.val_step(dict(inputs=dict(num_batches=1)))
    assert sample.noise.shape == (120, )
    assert sample.fake_img.data.shape == (3, 256, 256)


def test_noise_of_fewer_entries_than_parts_is_refused():
    with pytest.raises(ValueError, match='noise_size=3 cannot be split into '
                       '4 parts. Give at least 4, or split_noise=False'):
        tiny_generator(noise_size=3)


def test_truncation_is_a_clamp():
    g = tiny_generator().eval()
    z = torch.randn(2, 16) * 2
    torch.testing.assert_close(
        g(z, 1, truncation=0.7), g(z.clamp(-0.7, 0.7), 1))


def test_rgb2bgr_reverses_the_channels():
    z = torch.randn(2, 16)
    torch.testing.assert_close(
        tiny_generator(rgb2bgr=True).eval()(z, 1),
        tiny_generator().eval()(z, 1)[:, [2, 1, 0]])


def test_projection_is_the_formula():
    d = tiny_discriminator(with_spectral_norm=False)
    x, y = torch.randn(3, 3, 32, 32), torch.tensor([0, 4, 2])
    features = d.conv_blocks(x).relu().sum((2, 3))
    expected = features @ d.decision.weight[0] + d.decision.bias + (
        d.proj_y.weight[y] * features).sum(1)
    torch.testing.assert_close(d(x, y)[:, 0], expected)


@pytest.mark.parametrize('settings', [
    dict(),
    dict(split_noise=False),
    dict(split_noise=False, with_shared_embedding=False),
    dict(num_classes=0),
    dict(num_classes=0, split_noise=False),
    dict(with_spectral_norm=False),
])
@pytest.mark.parametrize('style', STYLES)
def test_both_networks_learn_and_can_be_copied(style, settings):
    inplace = dict(type='ReLU', inplace=True)
    g = tiny_generator(sn_style=style, act_cfg=inplace, **settings)
    d = tiny_discriminator(
        sn_style=style, act_cfg=inplace, num_classes=g.num_classes)
    made = g(None, num_batches=3, return_noise=True)
    images = made['fake_img']
    assert images.shape == (3, 3, 32, 32) and images.abs().max() <= 1
    logits = d(images, made.get('label'))
    assert logits.shape == (3, 1)
    logits.square().sum().backward()
    for network in (g, d):
        assert all(p.grad.abs().sum() > 0 for p in network.parameters()
                   if p.ndim > 1)
        copy = deepcopy(network)
        copy.load_state_dict(network.state_dict())


def test_autocast_and_channels_last_change_nothing_but_precision():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z, y = torch.randn(2, 16), torch.tensor([1, 4])
    images = g(z, y)
    logits = d(images, y)
    last = deepcopy(g).to(memory_format=torch.channels_last)
    torch.testing.assert_close(last(z, y), images, rtol=1e-4, atol=1e-5)
    with torch.autocast('cpu', torch.bfloat16):
        half = g(z, y)
        torch.testing.assert_close(
            half.float(), images, rtol=0, atol=0.1)
        torch.testing.assert_close(
            d(images, y).float(), logits, rtol=0.05, atol=0.05)


def test_compiles_in_one_graph():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z, y = torch.randn(2, 16), torch.tensor([1, 4])
    images = torch.compile(g, backend='eager', fullgraph=True)(z, y)
    torch.testing.assert_close(images, g(z, y))
    logits = torch.compile(d, backend='eager', fullgraph=True)(images, y)
    torch.testing.assert_close(logits, d(images, y))


def test_arch_cfg_makes_another_size():
    g = tiny_generator(
        output_scale=48, input_scale=6, num_classes=0,
        arch_cfg=dict(
            in_channels=[8, 8, 6], out_channels=[8, 6, 4],
            upsample=[True] * 3, attention=[False, True, False]))
    d = tiny_discriminator(
        input_scale=48, num_classes=0,
        arch_cfg=dict(
            in_channels=[3, 4], out_channels=[4, 8],
            downsample=[True, True], attention=[True, False]))
    assert isinstance(g.conv_blocks[2], SelfAttentionBlock)
    assert isinstance(d.conv_blocks[1], SelfAttentionBlock)
    assert d(g(None, num_batches=2)).shape == (2, 1)


Z = torch.zeros(2, 16)


@pytest.mark.parametrize('make, words', [
    (lambda: BigGANGenerator(96),
     'BigGANGenerator: output_scale=96 has no channel table; known: 32, 64, '
     '128, 256, 512. Pass arch_cfg for another size.'),
    (lambda: BigGANDiscriminator(96),
     'BigGANDiscriminator: input_scale=96 has no channel table; known: 32'),
    (lambda: tiny_generator(input_scale=8),
     'the blocks make 64 pixels of input_scale=8, but output_scale=32'),
    (lambda: tiny_generator(with_shared_embedding=False),
     'split_noise=True needs with_shared_embedding=True'),
    (lambda: tiny_generator(sn_style='none'), "sn_style='none', expected"),
    (lambda: tiny_generator(init_type='he'), "init_type='he', expected one"),
    (lambda: tiny_generator()(Z, 5), 'label 5 is out of range, expected 0 t'),
    (lambda: tiny_generator()(Z, torch.zeros(2, 6)),
     r'label is an embedding \[2, 6\]; set use_outside_embedding=True'),
    (lambda: tiny_generator()(
        Z, torch.zeros(2, 7), use_outside_embedding=True),
     r'label has shape \[2, 7\] .* expected an embedding \[N, 6\]'),
    (lambda: tiny_generator(split_noise=False, with_shared_embedding=False)(
        Z, torch.zeros(2, 6), use_outside_embedding=True),
     'use_outside_embedding=True, but the blocks take no embedding'),
    (lambda: tiny_discriminator()(torch.zeros(2, 3, 32, 32)),
     'BigGANDiscriminator: num_classes=5, but label is missing'),
    (lambda: tiny_discriminator(num_classes=0)(
        torch.zeros(2, 3, 32, 32), torch.tensor([0, 1])),
     'num_classes=0, but label is given'),
    (lambda: tiny_discriminator()(
        torch.zeros(2, 1, 32, 32), torch.tensor([0, 1])),
     r'images have shape \[2, 1, 32, 32\], expected \[N, 3, 32, 32\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
