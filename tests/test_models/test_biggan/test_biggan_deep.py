"""BigGAN-deep's networks: recorded numbers, the paper."""
from copy import deepcopy

import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import (BigGANDeepDiscResBlock, BigGANDeepDiscriminator,
                          BigGANDeepGenerator, BigGANDeepGenResBlock,
                          SelfAttentionBlock)
from mmgen.registry import MODELS

STYLES = ('torch', 'ajbrock')
NEAREST = dict(type='nearest', scale_factor=2)


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('biggan_deep32_torchsn')
    z, x, y, emb = (case.input(key) for key in ('z', 'x', 'y', 'emb'))
    g, d = case.build('G', MODELS), case.build('D', MODELS)
    case.check('G', g(z, label=y))
    case.check('D', d(x, label=y))
    case.check('G_trunc0.5', g(z, label=y, truncation=0.5))
    case.check('G_emb', g(z, label=emb, use_outside_embedding=True))


def tiny_generator(**settings):
    torch.manual_seed(0)
    return BigGANDeepGenerator(
        **dict(dict(output_scale=32, num_classes=5, base_channels=2,
                    noise_size=7, shared_dim=6), **settings))


def tiny_discriminator(**settings):
    torch.manual_seed(0)
    return BigGANDeepDiscriminator(
        **dict(dict(input_scale=32, num_classes=5, base_channels=2),
               **settings))


# (side of the feature map after a block, its channels in units of the
# paper's ch), from tables 7 to 9.
GENERATORS = {
    128: [(4, 16), (8, 16), (8, 16), (16, 8), (16, 8), (32, 4), (32, 4),
          (64, 2), (64, 2), (128, 1)],
    256: [(4, 16), (8, 16), (8, 16), (16, 8), (16, 8), (32, 8), (32, 8),
          (64, 4), (64, 4), (128, 2), (128, 2), (256, 1)],
    512: [(4, 16), (8, 16), (8, 16), (16, 8), (16, 8), (32, 8), (32, 8),
          (64, 4), (64, 4), (128, 2), (128, 2), (256, 1), (256, 1), (512, 1)],
}
DISCRIMINATORS = {
    128: [(64, 2), (64, 2), (32, 4), (32, 4), (16, 8), (16, 8), (8, 16),
          (8, 16), (4, 16), (4, 16)],
    256: [(128, 2), (128, 2), (64, 4), (64, 4), (32, 8), (32, 8), (16, 8),
          (16, 8), (8, 16), (8, 16), (4, 16), (4, 16)],
    512: [(256, 1), (256, 1), (128, 2), (128, 2), (64, 4), (64, 4), (32, 8),
          (32, 8), (16, 8), (16, 8), (8, 16), (8, 16), (4, 16), (4, 16)],
}


@pytest.mark.parametrize('scale', GENERATORS)
def test_layout_is_the_papers(scale):
    with torch.device('meta'):
        g = BigGANDeepGenerator(scale, base_channels=4)
        d = BigGANDeepDiscriminator(scale, base_channels=4)
    assert d.input_conv.conv.out_channels == 4
    for blocks, side, change, factor, expected, attends in (
        (g.conv_blocks, 4, 'upsample', 2, GENERATORS, [64]),
        (d.conv_blocks, scale, 'downsample', 0.5, DISCRIMINATORS,
         [32 if scale == 512 else 64])):
        found, attends_at = [], []
        for block in blocks:
            if isinstance(block, SelfAttentionBlock):
                attends_at.append(side)
                continue
            if not isinstance(getattr(block, change), nn.Identity):
                side = int(side * factor)
            found.append((side, block.conv4.conv.out_channels // 4))
        assert found == expected[scale]
        assert attends_at == attends


@pytest.mark.parametrize('scale', [64, 256, 512])
def test_every_size_runs_forward(scale):
    g = tiny_generator(output_scale=scale, base_channels=4)
    d = tiny_discriminator(input_scale=scale, base_channels=4)
    with torch.no_grad():
        images = g(None, [0, 1], num_batches=2)
        assert images.shape == (2, 3, scale, scale)
        logits = d(images, torch.tensor([0, 1]))
    assert logits.shape == (2, 1) and logits.isfinite().all()


@pytest.mark.parametrize('upsample_cfg', [NEAREST, None])
def test_generator_block_is_the_figure(upsample_cfg):
    torch.manual_seed(0)
    block = BigGANDeepGenResBlock(
        8, 6, 5, with_spectral_norm=False, upsample_cfg=upsample_cfg)
    x, y = torch.randn(2, 8, 6, 6), torch.randn(2, 5)

    def up(h):
        if upsample_cfg is None:
            return h
        return h.repeat_interleave(2, 2).repeat_interleave(2, 3)

    h = block.conv1(block.bn1(x, y).relu())
    assert h.shape == (2, 2, 6, 6)
    h = block.conv2(up(block.bn2(h, y).relu()))
    h = block.conv3(block.bn3(h, y).relu())
    h = block.conv4(block.bn4(h, y).relu())
    torch.testing.assert_close(block(x, y), h + up(x)[:, :6])


@pytest.mark.parametrize('out_channels, down', [(6, True), (4, True),
                                                (4, False)])
def test_discriminator_block_is_the_figure(out_channels, down):
    torch.manual_seed(0)
    block = BigGANDeepDiscResBlock(
        4, out_channels, act_cfg=dict(type='ReLU', inplace=True),
        with_downsample=down, with_spectral_norm=False)
    x = torch.randn(2, 4, 6, 6)

    def pool(h):
        if not down:
            return h
        return sum(h[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4

    h = block.conv2(block.conv1(x.relu()).relu())
    h = block.conv3(h.relu()).relu()
    skip = [x] if out_channels == 4 else [x, block.shortcut(x)]
    expected = pool(block.conv4(h)) + pool(torch.cat(skip, 1))
    torch.testing.assert_close(block(x.clone()), expected)


def test_all_layers_get_the_whole_noise_and_the_class():
    g = tiny_generator().eval()
    z, y = torch.randn(2, 7), torch.tensor([1, 4])
    conditions = g.split_conditions(z, g.embed(y))
    assert len(conditions) == 7
    expected = torch.cat([z, g.shared_embedding.weight[y]], 1)
    for condition in conditions:
        torch.testing.assert_close(condition, expected)


def test_noise_may_stay_out_of_the_blocks():
    g = tiny_generator(concat_noise=False).eval()
    z, y = torch.randn(2, 7), torch.tensor([1, 4])
    first, *conditions = g.split_conditions(z, g.embed(y))
    torch.testing.assert_close(first, z)
    for condition in conditions:
        torch.testing.assert_close(condition, g.shared_embedding.weight[y])


def test_without_a_shared_embedding_each_norm_has_its_table():
    g = tiny_generator(with_shared_embedding=False, concat_noise=False)
    assert g.shared_embedding is None
    gain = g.conv_blocks[0].bn1.gain
    assert isinstance(gain, nn.Embedding) and gain.num_embeddings == 5
    with torch.no_grad():
        for block in g.conv_blocks:
            block.bn1.bias.weight[3] += 1
    images = g.eval()(torch.randn(1, 7).expand(2, 7), [3, 4])
    assert not torch.allclose(images[0], images[1])


def test_without_classes_the_noise_is_the_condition():
    g = tiny_generator(num_classes=0).eval()
    z = torch.randn(2, 7)
    assert all(torch.equal(c, z) for c in g.split_conditions(z, g.embed(None)))


def test_first_feature_map_has_its_channels_innermost():
    g = tiny_generator()
    features = torch.arange(4. * 4 * 8)[None]
    x = g.first_map(features)
    assert x.shape == (1, 8, 4, 4) and x.is_contiguous()
    for channel, row, column in ((0, 0, 1), (3, 2, 0), (7, 3, 3)):
        assert x[0, channel, row, column] == (row * 4 + column) * 8 + channel


def test_truncation_is_a_clamp():
    g = tiny_generator().eval()
    z = torch.randn(2, 7) * 2
    torch.testing.assert_close(
        g(z, 1, truncation=0.7), g(z.clamp(-0.7, 0.7), 1))


def test_an_embedding_can_be_given():
    g = tiny_generator().eval()
    z, y = torch.randn(2, 7), torch.tensor([1, 4])
    torch.testing.assert_close(
        g(z, g.shared_embedding.weight[y], use_outside_embedding=True),
        g(z, y))


def test_rgb2bgr_reverses_the_channels():
    z = torch.randn(2, 7)
    torch.testing.assert_close(
        tiny_generator(rgb2bgr=True).eval()(z, 1),
        tiny_generator().eval()(z, 1)[:, [2, 1, 0]])


def test_logit_is_the_formula():
    d = tiny_discriminator(with_spectral_norm=False)
    x, y = torch.randn(3, 3, 32, 32), torch.tensor([0, 4, 2])
    features = d.conv_blocks(d.input_conv(x)).relu().sum((2, 3))
    expected = features @ d.decision.weight[0] + d.decision.bias + (
        d.proj_y.weight[y] * features).sum(1)
    torch.testing.assert_close(d(x, y)[:, 0], expected)


@pytest.mark.parametrize('depth', [1, 3])
def test_depth_is_the_number_of_blocks_for_each_stage(depth):
    g, d = tiny_generator(block_depth=depth), tiny_discriminator(
        block_depth=depth)
    assert len(g.conv_blocks) == len(d.conv_blocks) == 3 * depth
    ups = [not isinstance(b.upsample, nn.Identity) for b in g.conv_blocks]
    downs = [not isinstance(b.downsample, nn.Identity) for b in d.conv_blocks]
    assert ups == ([False] * (depth - 1) + [True]) * 3
    assert downs == ([True] + [False] * (depth - 1)) * 2 + [False] * depth
    images = g(None, 1, num_batches=2)
    assert d(images, torch.tensor([1, 1])).shape == (2, 1)


def test_arch_cfg_makes_another_size():
    g = tiny_generator(
        output_scale=24, input_scale=6, num_classes=0,
        arch_cfg=dict(
            in_channels=[12, 8], out_channels=[8, 4],
            upsample=[True, True], attention=[True, False]))
    d = tiny_discriminator(
        input_scale=24, num_classes=0,
        arch_cfg=dict(
            in_channels=[4, 8], out_channels=[8, 8],
            downsample=[True, False], attention=[True, False]))
    assert isinstance(g.conv_blocks[2], SelfAttentionBlock)
    assert isinstance(d.conv_blocks[2], SelfAttentionBlock)
    assert [b.conv4.conv.out_channels for b in g.conv_blocks
            if hasattr(b, 'conv4')] == [12, 8, 8, 4]
    assert d(g(None, num_batches=2)).shape == (2, 1)


def test_blocks_cfg_reaches_the_blocks():
    g = tiny_generator(blocks_cfg=dict(
        type='BigGANDeepGenResBlock', bn_eps=1e-4, channel_ratio=2))
    d = tiny_discriminator(blocks_cfg=dict(
        type='BigGANDeepDiscResBlock', channel_ratio=2))
    assert g.conv_blocks[0].bn4.bn.eps == 1e-4
    assert g.conv_blocks[0].conv2.conv.out_channels == 4
    assert d.conv_blocks[0].conv2.conv.out_channels == 4


def test_pretrained_weights_are_loaded(tmp_path):
    for make, change in ((tiny_generator, 'noise2feat.bias'),
                         (tiny_discriminator, 'decision.bias')):
        state = {k: v.clone() for k, v in make().state_dict().items()}
        state[change] += 1
        path = str(tmp_path / 'weights.pth')
        torch.save(state, path)
        network = make(pretrained=path)
        assert torch.equal(network.state_dict()[change], state[change])


@pytest.mark.parametrize('settings', [
    dict(),
    dict(concat_noise=False),
    dict(concat_noise=False, with_shared_embedding=False),
    dict(num_classes=0),
    dict(num_classes=0, concat_noise=False),
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
    logits.square().sum().backward()
    for network in (g, d):
        assert all(p.grad.abs().sum() > 0 for p in network.parameters()
                   if p.ndim > 1)
        copy = deepcopy(network)
        copy.load_state_dict(network.state_dict())


def test_autocast_and_channels_last_change_nothing_but_precision():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z, y = torch.randn(2, 7), torch.tensor([1, 4])
    images = g(z, y)
    logits = d(images, y)
    last = deepcopy(g).to(memory_format=torch.channels_last)
    torch.testing.assert_close(last(z, y), images, rtol=1e-4, atol=1e-5)
    with torch.autocast('cpu', torch.bfloat16):
        torch.testing.assert_close(
            g(z, y).float(), images, rtol=0, atol=0.1)
        torch.testing.assert_close(
            d(images, y).float(), logits, rtol=0.05, atol=0.05)


def test_compiles_in_one_graph():
    g, d = tiny_generator().eval(), tiny_discriminator().eval()
    z, y = torch.randn(2, 7), torch.tensor([1, 4])
    images = torch.compile(g, backend='eager', fullgraph=True)(z, y)
    torch.testing.assert_close(images, g(z, y))
    logits = torch.compile(d, backend='eager', fullgraph=True)(images, y)
    torch.testing.assert_close(logits, d(images, y))


Z = torch.zeros(2, 7)


@pytest.mark.parametrize('make, words', [
    (lambda: BigGANDeepGenerator(96),
     'BigGANDeepGenerator: output_scale=96 has no channel table; known: 32, '
     '64, 128, 256, 512. Pass arch_cfg for another size.'),
    (lambda: BigGANDeepDiscriminator(96),
     'BigGANDeepDiscriminator: input_scale=96 has no channel table'),
    (lambda: tiny_generator(input_scale=8),
     'the blocks make 64 pixels of input_scale=8, but output_scale=32'),
    (lambda: tiny_generator(block_depth=0),
     'BigGANDeepGenerator: block_depth=0, expected at least 1 block'),
    (lambda: tiny_discriminator(block_depth=0),
     'BigGANDeepDiscriminator: block_depth=0, expected at least 1 block'),
    (lambda: tiny_generator(with_shared_embedding=False),
     'concat_noise=True needs with_shared_embedding=True: a table of'),
    (lambda: BigGANDeepGenResBlock(4, 8, 0),
     'BigGANDeepGenResBlock: 4 channels cannot become 8: the skip connection '
     'only drops channels'),
    (lambda: BigGANDeepDiscResBlock(8, 4),
     'BigGANDeepDiscResBlock: 8 channels cannot become 4: the skip connection '
     'only adds channels'),
    (lambda: BigGANDeepGenResBlock(3, 3, 0),
     'in_channels=3 and channel_ratio=4 leave no channel inside the block'),
    (lambda: BigGANDeepDiscResBlock(3, 3), 'out_channels=3 and channel_rati'),
    (lambda: tiny_generator(sn_style='none'), "sn_style='none', expected"),
    (lambda: tiny_generator(init_type='he'), "init_type='he', expected one"),
    (lambda: tiny_generator()(Z, 5), 'label 5 is out of range, expected 0 t'),
    (lambda: tiny_generator()(Z[:, :6], 1),
     r'noise has shape \[2, 6\], expected \[N, 7\]'),
    (lambda: tiny_generator()(Z, torch.zeros(2, 6)),
     r'label is an embedding \[2, 6\]; set use_outside_embedding=True'),
    (lambda: tiny_generator(
        concat_noise=False, with_shared_embedding=False)(
            Z, torch.zeros(2, 6), use_outside_embedding=True),
     'use_outside_embedding=True, but the blocks take no embedding'),
    (lambda: tiny_discriminator()(torch.zeros(2, 3, 32, 32)),
     'BigGANDeepDiscriminator: num_classes=5, but label is missing'),
    (lambda: tiny_discriminator()(
        torch.zeros(2, 1, 32, 32), torch.tensor([0, 1])),
     r'images have shape \[2, 1, 32, 32\], expected \[N, 3, 32, 32\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
