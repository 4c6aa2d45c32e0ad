"""SNGAN's networks, which are SAGAN's too: recorded numbers, the papers."""
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import (ProjDiscriminator, SelfAttentionBlock,
                          SNGANDiscHeadResBlock, SNGANDiscResBlock,
                          SNGANGenerator, SNGANGenResBlock)
from mmgen.registry import MODULES

STYLES = ('torch', 'ajbrock')
INPLACE = dict(type='ReLU', inplace=True)


@torch.no_grad()
@pytest.mark.parametrize('name', [
    'sngan_proj32', 'sngan_uncond64', 'sagan32', 'sagan32_ajbrock'])
def test_recorded_numbers(name):
    case = GoldenCase(name)
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    label = dict(label=case.input('y')) if d.num_classes else {}
    case.check('G', g(case.input('z'), **label))
    case.check('D', d(case.input('x'), **label))


def tiny_generator(**settings):
    torch.manual_seed(0)
    return SNGANGenerator(
        **dict(dict(output_scale=32, num_classes=5, base_channels=4,
                    noise_size=8), **settings))


def tiny_discriminator(**settings):
    torch.manual_seed(0)
    return ProjDiscriminator(
        **dict(dict(input_scale=32, num_classes=5, base_channels=4),
               **settings))


def blocks_of(network):
    """(channels in, out, whether the resolution changes) of each block."""
    return [
        (block.conv_1.conv.in_channels, block.conv_2.conv.out_channels,
         not isinstance(getattr(block, 'upsample', None)
                        or block.downsample, nn.Identity))
        for block in network.conv_blocks
    ]


# The papers' tables, in units of 256 and 128 channels at 32 pixels and of 64
# at 128 pixels.
@pytest.mark.parametrize('scale, generator, discriminator', [
    (32, [(1, 1, True)] * 3,
     [(1, 1, True), (1, 1, False), (1, 1, False)]),
    (128, [(16, 16, True), (16, 8, True), (8, 4, True), (4, 2, True),
           (2, 1, True)],
     [(1, 2, True), (2, 4, True), (4, 8, True), (8, 16, True),
      (16, 16, False)]),
])
def test_layout_is_the_papers(scale, generator, discriminator):
    with torch.device('meta'):
        g = SNGANGenerator(scale, base_channels=1)
        d = ProjDiscriminator(scale, base_channels=1)
    assert blocks_of(g) == generator
    assert blocks_of(d) == discriminator
    assert isinstance(d.from_rgb.downsample, nn.AvgPool2d)


@pytest.mark.parametrize('act_cfg', [dict(type='ReLU'), INPLACE])
@pytest.mark.parametrize('upsample', [True, False])
def test_generator_block_is_the_figure(upsample, act_cfg):
    torch.manual_seed(0)
    block = SNGANGenResBlock(
        4, 3, hidden_channels=5, num_classes=6, act_cfg=act_cfg,
        upsample=upsample)
    for norm in (block.norm_1, block.norm_2):
        nn.init.normal_(norm.weight_embedding.weight)
        nn.init.normal_(norm.bias_embedding.weight)
    x, y = torch.randn(2, 4, 6, 6), torch.tensor([5, 0])

    def up(h):
        if not upsample:
            return h
        return h.repeat_interleave(2, 2).repeat_interleave(2, 3)

    h = block.conv_1(up(block.norm_1(x, y).relu()))
    h = block.conv_2(block.norm_2(h, y).relu())
    torch.testing.assert_close(block(x, y), h + block.shortcut(up(x)))


def halve(h):
    return sum(h[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4


@pytest.mark.parametrize('downsample', [True, False])
@pytest.mark.parametrize('channels', [(4, 3), (4, 4)])
def test_discriminator_block_is_the_figure(channels, downsample):
    torch.manual_seed(0)
    block = SNGANDiscResBlock(
        *channels, hidden_channels=5, downsample=downsample,
        with_spectral_norm=False)
    x = torch.randn(2, 4, 6, 6)
    expected = block.conv_2(block.conv_1(x.relu()).relu())
    expected = expected + block.shortcut(x)
    if downsample:
        expected = halve(expected)
    torch.testing.assert_close(block(x), expected)
    identity = channels == (4, 4) and not downsample
    assert isinstance(block.shortcut, nn.Identity) == identity


def test_head_block_is_the_figure():
    torch.manual_seed(0)
    block = SNGANDiscHeadResBlock(
        3, 4, act_cfg=INPLACE, with_spectral_norm=False)
    x = torch.randn(2, 3, 6, 6)
    expected = block.conv_2(block.conv_1(x).relu()) + block.shortcut(x)
    torch.testing.assert_close(block(x), halve(expected))


@pytest.mark.parametrize('downsample', [True, False])
def test_inplace_activation_reaches_the_shortcut(downsample):
    """The function is the one of an activation that overwrites the input."""
    torch.manual_seed(0)
    block = SNGANDiscResBlock(
        4, 4, act_cfg=INPLACE, downsample=downsample,
        with_spectral_norm=False)
    x = torch.randn(2, 4, 6, 6, requires_grad=True)
    before = x.detach().clone()

    def overwriting(x):
        x = x * 1
        h = block.conv_1(F.relu(x, inplace=True))  # x is activated from here
        h = block.conv_2(h.relu()) + block.shortcut(x)
        return halve(h) if downsample else h

    a = x.relu()
    formula = block.conv_2(block.conv_1(a).relu()) + block.shortcut(a)
    formula = halve(formula) if downsample else formula
    ours, theirs = block(x), overwriting(x)
    torch.testing.assert_close(ours, formula)
    torch.testing.assert_close(ours, theirs)
    direction = torch.randn_like(ours)
    parts = [x, *block.parameters()]
    for a, b in zip(torch.autograd.grad(ours, parts, direction),
                    torch.autograd.grad(theirs, parts, direction)):
        torch.testing.assert_close(a, b)
    torch.testing.assert_close(x.detach(), before, rtol=0, atol=0)


def test_inplace_is_another_discriminator_but_the_same_generator():
    x, y = torch.randn(3, 3, 32, 32), torch.tensor([0, 4, 2])
    z = torch.randn(3, 8)
    plain, inplace = (tiny_discriminator(act_cfg=cfg).eval()(x, y)
                      for cfg in (dict(type='ReLU'), INPLACE))
    assert not torch.allclose(plain, inplace)
    plain, inplace = (tiny_generator(act_cfg=cfg).eval()(z, y)
                      for cfg in (dict(type='ReLU'), INPLACE))
    torch.testing.assert_close(plain, inplace, rtol=0, atol=0)


def test_projection_is_the_formula():
    d = tiny_discriminator(with_spectral_norm=False)
    x, y = torch.randn(3, 3, 32, 32), torch.tensor([0, 4, 2])
    features = d.conv_blocks(d.from_rgb(x)).relu().sum((2, 3))
    expected = features @ d.decision.weight[0] + d.decision.bias + (
        d.proj_y.weight[y] * features).sum(1)
    torch.testing.assert_close(d(x, y)[:, 0], expected)


def attention_at(network):
    return [index for index, block in enumerate(network.conv_blocks)
            if isinstance(block, SelfAttentionBlock)]


@pytest.mark.parametrize('after, in_g, in_d', [
    (None, [], []), (0, [], []), (-1, [], []), ([], [], []),
    (1, [1], [0]), (2, [2], [1]), ([1, 3], [1, 4], [0, 3]),
])
def test_attention_follows_the_nth_block(after, in_g, in_d):
    g = tiny_generator(attention_after_nth_block=after)
    d = tiny_discriminator(attention_after_nth_block=after)
    assert (attention_at(g), attention_at(d)) == (in_g, in_d)
    logits = d(g(None, 1, num_batches=2), torch.tensor([1, 1]))
    assert logits.shape == (2, 1)


def test_attention_has_the_networks_spectral_norm_unless_told():
    g = tiny_generator(
        attention_after_nth_block=1, with_spectral_norm=True,
        sn_style='ajbrock', sn_eps=1e-7)
    theta = g.conv_blocks[1].theta.conv
    assert (theta.sn_style, theta.sn_eps) == ('ajbrock', 1e-7)
    g = tiny_generator(
        attention_after_nth_block=1, with_spectral_norm=True,
        attention_cfg=dict(
            type='SelfAttentionBlock', with_spectral_norm=False))
    assert type(g.conv_blocks[1].theta.conv) is nn.Conv2d


def test_ends_keep_torchs_spectral_norm():
    g = tiny_generator(with_spectral_norm=True, sn_style='ajbrock')
    d = tiny_discriminator(sn_style='ajbrock')
    ends = (g.noise2feat, g.to_rgb.conv, d.decision, d.proj_y)
    assert {layer.sn_style for layer in ends} == {'torch'}
    blocks = (g.conv_blocks[0].conv_1.conv, d.from_rgb.shortcut.conv,
              g.conv_blocks[0].norm_1.weight_embedding)
    assert {layer.sn_style for layer in blocks} == {'ajbrock'}


@pytest.mark.parametrize('weights, told, embedding', [
    (True, None, True), (False, None, False), (True, False, False),
    (False, True, True)])
def test_embeddings_are_normalised_as_the_weights_unless_told(
        weights, told, embedding):
    g = tiny_generator(
        with_spectral_norm=weights, with_embedding_spectral_norm=told)
    norm = g.conv_blocks[1].norm_2
    assert hasattr(norm.weight_embedding, 'sn_style') == embedding
    assert hasattr(norm.bias_embedding, 'sn_style') == embedding
    assert hasattr(g.conv_blocks[1].conv_2.conv, 'sn_style') == weights


def test_epsilons_are_passed_on():
    g = tiny_generator(
        norm_eps=1e-3, sn_eps=1e-6, with_spectral_norm=True)
    assert g.to_rgb.bn.eps == g.conv_blocks[0].norm_1.norm.eps == 1e-3
    assert g.noise2feat.sn_eps == g.conv_blocks[0].conv_1.conv.sn_eps == 1e-6
    d = tiny_discriminator(sn_eps=1e-6)
    assert d.decision.sn_eps == d.from_rgb.conv_1.conv.sn_eps == 1e-6


def test_use_cbn_decides_whether_the_class_is_seen():
    z = torch.randn(2, 8)
    for use_cbn in (True, False):
        g = tiny_generator(use_cbn=use_cbn).eval()
        if use_cbn:
            nn.init.normal_(g.conv_blocks[0].norm_1.weight_embedding.weight)
        same = torch.equal(g(z, [0, 0]), g(z, [3, 4]))
        assert same != use_cbn


def test_rgb_to_bgr_reverses_the_channels():
    z = torch.randn(2, 8)
    torch.testing.assert_close(
        tiny_generator(rgb_to_bgr=True).eval()(z, 1),
        tiny_generator().eval()(z, 1)[:, [2, 1, 0]])


def std(weight):
    return weight.detach().std().item()


@pytest.mark.parametrize('name, gain', [('sngan', 2**0.5), ('SAGAN', 1.0)])
def test_glorot_gains(name, gain):
    """Uniform with variance gain^2 * 2 / (fan_in + fan_out)."""
    init_cfg = dict(type=name)
    g = tiny_generator(base_channels=32, init_cfg=init_cfg)
    d = tiny_discriminator(
        base_channels=32, init_cfg=init_cfg, with_spectral_norm=False)
    for block in (g.conv_blocks[0], d.conv_blocks[0]):
        glorot = (2 / (2 * 9 * 32))**0.5
        for conv in (block.conv_1.conv, block.conv_2.conv):
            assert std(conv.weight) == pytest.approx(gain * glorot, rel=0.03)
            assert not conv.bias.any()
        assert std(block.shortcut.conv.weight) == pytest.approx(
            (2 / 64)**0.5, rel=0.06)
    assert std(g.noise2feat.weight) == pytest.approx(
        (2 / (8 + 512))**0.5, rel=0.06)


@pytest.mark.parametrize('name', ['BigGAN', 'STUDIO'])
def test_orthogonal_weights(name):
    d = tiny_discriminator(
        init_cfg=dict(type=name), attention_after_nth_block=1)
    for weight in (d.conv_blocks[1].conv_1.conv.weight_orig,
                   d.conv_blocks[0].o.conv.weight_orig,
                   d.decision.weight_orig):
        matrix = weight.detach().flatten(1)
        if len(matrix) > matrix.shape[1]:
            matrix = matrix.T
        torch.testing.assert_close(
            matrix @ matrix.T, torch.eye(len(matrix)), atol=1e-5, rtol=0)


@pytest.mark.parametrize('settings', [
    dict(),
    dict(with_spectral_norm=True),
    dict(with_spectral_norm=True, with_embedding_spectral_norm=False),
    dict(num_classes=0),
    dict(use_cbn=False),
])
@pytest.mark.parametrize('style', STYLES)
def test_both_networks_learn_and_can_be_copied(style, settings):
    g = tiny_generator(
        sn_style=style, act_cfg=INPLACE, attention_after_nth_block=2,
        **settings)
    d = tiny_discriminator(
        sn_style=style, act_cfg=INPLACE, attention_after_nth_block=1,
        num_classes=g.num_classes)
    for network in (g, d):
        for name, parameter in network.named_parameters():
            if name.endswith('gamma'):
                nn.init.ones_(parameter)
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
    attends = dict(attention_after_nth_block=1)
    g = tiny_generator(with_spectral_norm=True, **attends)
    d = tiny_discriminator(**attends)
    z, y = torch.randn(8, 8), torch.arange(8) % 5
    for _ in range(30):  # to settle the statistics and singular vectors
        d(g(z, y), y)
    g, d = g.eval(), d.eval()
    images = g(z, y)
    logits = d(images, y)
    last = deepcopy(g).to(memory_format=torch.channels_last)
    torch.testing.assert_close(last(z, y), images, rtol=1e-4, atol=1e-5)
    with torch.autocast('cpu', torch.bfloat16):
        half = g(z, y)
        torch.testing.assert_close(
            half.float(), images, rtol=0, atol=0.1)
        torch.testing.assert_close(
            d(images, y).float(), logits, rtol=0.05, atol=0.1)


def test_compiles_in_one_graph():
    g = tiny_generator(attention_after_nth_block=2).eval()
    d = tiny_discriminator(attention_after_nth_block=1).eval()
    z, y = torch.randn(2, 8), torch.tensor([1, 4])
    images = torch.compile(g, backend='eager', fullgraph=True)(z, y)
    torch.testing.assert_close(images, g(z, y))
    logits = torch.compile(d, backend='eager', fullgraph=True)(images, y)
    torch.testing.assert_close(logits, d(images, y))


@pytest.mark.parametrize('wrap', [list, lambda units: {48: units}])
def test_lists_make_another_size(wrap):
    g = tiny_generator(
        output_scale=48, input_scale=6, channels_cfg=wrap((4, 2, 2)))
    d = tiny_discriminator(
        input_scale=48, channels_cfg=wrap((2, 3)),
        downsample_cfg=wrap((True, False)))
    assert blocks_of(g) == [(16, 8, True), (8, 8, True), (8, 4, True)]
    assert blocks_of(d) == [(4, 8, True), (8, 12, False)]
    assert d(g(None, 1, num_batches=2), torch.tensor([1, 1])).shape == (2, 1)


def test_grey_images():
    g, d = tiny_generator(out_channels=1), tiny_discriminator(input_channels=1)
    images = g(None, 1, num_batches=2)
    assert images.shape == (2, 1, 32, 32)
    assert d(images, torch.tensor([1, 1])).shape == (2, 1)


def test_plain_convolutions_may_be_asked_for():
    for make in (SNGANGenResBlock, SNGANDiscResBlock, SNGANDiscHeadResBlock):
        make(4, 4, conv_cfg=dict(type='Conv2d'))
        with pytest.raises(ValueError, match=(
                rf"{make.__name__}: conv_cfg=.'type': 'DCN'., but these "
                "layers are Conv2d only")):
            make(4, 4, conv_cfg=dict(type='DCN'))


IMAGES = torch.zeros(2, 3, 32, 32)


@pytest.mark.parametrize('make, words', [
    (lambda: SNGANGenerator(96),
     'SNGANGenerator: output_scale=96 has no table; known: 32, 64, 128. Pass '
     'a list as channels_cfg for another size.'),
    (lambda: ProjDiscriminator(96),
     'ProjDiscriminator: input_scale=96 has no table; known: 32, 64, 128. '
     'Pass a list as channels_cfg'),
    (lambda: ProjDiscriminator(96, channels_cfg=[1, 2]),
     'input_scale=96 has no table; .* Pass a list as downsample_cfg'),
    (lambda: ProjDiscriminator(32, channels_cfg={64: [1, 2]}),
     'input_scale=32 has no table; known: 64. Pass a list as channels_cfg'),
    (lambda: ProjDiscriminator(32, channels_cfg=[1, 2]),
     'channels_cfg has 2 entries and downsample_cfg 3, expected one of each'),
    (lambda: tiny_generator(input_scale=8),
     '3 blocks make 64 pixels of input_scale=8, but output_scale=32'),
    (lambda: tiny_generator(attention_after_nth_block=4),
     'SNGANGenerator: attention_after_nth_block=4, expected numbers from 1 to '
     '3, the number of blocks, or 0 for none'),
    (lambda: tiny_discriminator(attention_after_nth_block=[1, 5]),
     r'attention_after_nth_block=\[1, 5\], expected numbers from 1 to 4'),
    (lambda: tiny_generator(init_cfg=dict(type='he')),
     "SNGANGenerator: init_cfg has type='he', expected one of 'SNGAN', "
     "'SAGAN', 'BigGAN', 'studio'"),
    (lambda: tiny_discriminator(init_cfg=dict(type='he')),
     "ProjDiscriminator: init_cfg has type='he'"),
    (lambda: tiny_discriminator(sn_style='none'), "sn_style='none', expected"),
    (lambda: tiny_generator()(torch.zeros(2, 8), 5),
     'label 5 is out of range, expected 0 t'),
    (lambda: tiny_discriminator()(IMAGES),
     'ProjDiscriminator: num_classes=5, but label is missing'),
    (lambda: tiny_discriminator(num_classes=0)(IMAGES, torch.tensor([0, 1])),
     'num_classes=0, but label is given'),
    (lambda: tiny_discriminator()(IMAGES[:, :1], torch.tensor([0, 1])),
     r'images have shape \[2, 1, 32, 32\], expected \[N, 3, 32, 32\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
