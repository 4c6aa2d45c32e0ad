"""Improved DDPM's network: recorded numbers, the paper."""
import copy
import math

import pytest
import torch
from golden_numbers import GoldenCase
from recorded_numbers import RecordedNumbers
from torch import nn

from mmgen.models.ddpm import (DenoisingDownsample, DenoisingResBlock,
                               DenoisingUnet, DenoisingUpsample,
                               MultiHeadAttention, NormWithEmbedding,
                               TimeEmbedding)
from mmgen.models.ddpm.networks import sinusoids
from mmgen.registry import MODELS, MODULES

GROUPS = dict(type='GN', num_groups=4)
TAGS = ('eps_lr', 'x0_fixed', 'prev_learned', 'cond', 'heads1_k3')


def tiny(**settings):
    torch.manual_seed(0)
    return DenoisingUnet(
        **dict(
            dict(image_size=8, base_channels=8, resblocks_per_downsample=1,
                 channels_cfg=[1, 2], attention_res=[4], num_heads=2,
                 norm_cfg=GROUPS, use_scale_shift_norm=True), **settings))


def randomised(net):
    """The network without layers that are 0."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(std=0.3)
    return net


@torch.no_grad()
@pytest.mark.parametrize('tag', TAGS)
def test_recorded_numbers(tag):
    case = GoldenCase('ddpm_unet')
    x, t, y = (case.input(key) for key in 'xty')
    network = case.build(tag, MODULES)
    found = network(x, t, **dict(label=y) if tag == 'cond' else {})
    outputs = [key for key in case.expected if key.startswith(f'{tag}/')]
    assert len(found) >= len(outputs) > 0
    for key in outputs:
        case.check(key, found[key.removeprefix(f'{tag}/')])


# ------------------------------------------------------------ the embedding


def test_recorded_sinusoids():
    numbers = RecordedNumbers('diffusion_pieces')
    t = numbers.input('t')
    numbers.check('sin_emb6', sinusoids(t, 6))
    numbers.check('sin_emb32', sinusoids(t, 32))


def test_sinusoids_by_hand():
    found = sinusoids(torch.tensor([2.0]), 5, max_period=100)
    expected = [math.cos(2), math.cos(0.2), math.sin(2), math.sin(0.2), 0]
    torch.testing.assert_close(found, torch.tensor([expected]))


def test_time_embedding_is_two_layers_of_the_sinusoids():
    embedding = TimeEmbedding(4, 6, embedding_cfg=dict(max_period=50))
    first, act, last = embedding.blocks
    t = torch.tensor([0, 7])
    torch.testing.assert_close(
        embedding(t), last(act(first(sinusoids(t, 4, 50)))))
    assert isinstance(act, nn.SiLU)


def test_another_embedding_mode_is_refused():
    with pytest.raises(ValueError, match="embedding_mode='learned', expected"):
        TimeEmbedding(4, 6, embedding_mode='learned')


def test_rescaled_timesteps_do_not_depend_on_their_number():
    x = torch.randn(2, 3, 8, 8)
    short = randomised(tiny(num_timesteps=100))
    long = tiny(num_timesteps=4000)
    long.load_state_dict(short.state_dict())
    t = torch.tensor([3, 50])
    same = long(x, t * 40)['eps_t_pred']
    torch.testing.assert_close(short(x, t)['eps_t_pred'], same)
    plain = tiny(num_timesteps=100, use_rescale_timesteps=False)
    plain.load_state_dict(short.state_dict())
    torch.testing.assert_close(plain(x, t * 10)['eps_t_pred'], same)
    assert (plain(x, t)['eps_t_pred'] - same).abs().max() > 1e-3


# --------------------------------------------------------------- the blocks


@pytest.mark.parametrize('use_scale_shift', [True, False])
def test_norm_is_told_the_embedding(use_scale_shift):
    norm = randomised(NormWithEmbedding(
        8, 5, GROUPS, use_scale_shift=use_scale_shift))
    x, embedding = torch.randn(2, 8, 4, 4), torch.randn(2, 5)
    told = norm.embedding_layer[1](nn.functional.silu(embedding))
    told = told[:, :, None, None]
    if use_scale_shift:
        assert told.shape[1] == 16
        expected = norm.norm(x) * (1 + told[:, :8]) + told[:, 8:]
    else:
        expected = norm.norm(x + told)
    torch.testing.assert_close(norm(x, embedding), expected)


def test_block_starts_as_its_shortcut():
    x, embedding = torch.randn(2, 8, 4, 4), torch.randn(2, 5)
    block = DenoisingResBlock(8, 5, True, 0.0, norm_cfg=GROUPS)
    assert torch.equal(block(x, embedding), x)
    wider = DenoisingResBlock(
        8, 5, True, 0.0, out_channels=12, norm_cfg=GROUPS,
        shortcut_kernel_size=3)
    torch.testing.assert_close(wider(x, embedding), wider.shortcut(x))
    assert wider.shortcut.kernel_size == (3, 3)


def test_dropout_acts_in_training_alone():
    x, embedding = torch.randn(2, 8, 4, 4), torch.randn(2, 5)
    block = randomised(DenoisingResBlock(8, 5, True, 0.5, norm_cfg=GROUPS))
    assert not torch.equal(block(x, embedding), block(x, embedding))
    block.eval()
    assert torch.equal(block(x, embedding), block(x, embedding))


@pytest.mark.parametrize('heads', [1, 2])
def test_attention_is_the_softmax_of_each_head(heads):
    attention = randomised(MultiHeadAttention(8, heads, GROUPS)).double()
    x = torch.randn(2, 8, 3, 3, dtype=torch.double)
    flat = attention.norm(x).flatten(2)
    weight, bias = attention.qkv.weight[..., 0], attention.qkv.bias
    size = 8 // heads
    outs = []
    for head in range(heads):
        rows = slice(head * 3 * size, (head + 1) * 3 * size)
        q, k, v = (weight[rows] @ flat + bias[rows][:, None]).split(size, 1)
        share = (q.transpose(1, 2) @ k / size**0.5).softmax(-1)
        outs.append(v @ share.transpose(1, 2))
    expected = x + attention.proj(torch.cat(outs, 1)).view_as(x)
    torch.testing.assert_close(attention(x), expected)
    torch.testing.assert_close(
        attention(x.flatten(2)), expected.flatten(2))


def test_attention_starts_as_identity_and_refuses_odd_heads():
    x = torch.randn(2, 8, 3, 3)
    assert torch.equal(MultiHeadAttention(8, 2, GROUPS)(x), x)
    with pytest.raises(ValueError, match='in_channels=8 is not a multiple'):
        MultiHeadAttention(8, 3, GROUPS)


def test_resampling_without_convolutions():
    x = torch.randn(2, 3, 4, 4)
    down = DenoisingDownsample(3, with_conv=False)(x)
    torch.testing.assert_close(
        down, x.unflatten(2, (2, 2)).unflatten(4, (2, 2)).mean((3, 5)))
    up = DenoisingUpsample(3, with_conv=False)(x)
    assert torch.equal(up[:, :, 1::2, ::2], x)
    assert DenoisingDownsample(3)(x).shape == (2, 3, 2, 2)
    assert DenoisingUpsample(3)(x).shape == (2, 3, 8, 8)


# -------------------------------------------------------------- the network


@pytest.mark.parametrize('image_size, units', [
    (32, [1, 2, 2, 2]), (64, [1, 2, 3, 4]), (256, [1, 1, 2, 2, 4, 4])])
def test_layout_is_the_papers(image_size, units):
    with torch.device('meta'):
        net = DenoisingUnet(
            image_size, base_channels=32, resblocks_per_downsample=3)
    widths, attended, side = [], set(), image_size
    for block in net.in_blocks:
        for layer in block:
            side //= 1 + isinstance(layer, DenoisingDownsample)
            if isinstance(layer, MultiHeadAttention):
                attended.add(side)
            if isinstance(layer, DenoisingResBlock):
                widths.append(layer.conv_1[2].out_channels // 32)
    assert widths == [unit for unit in units for _ in range(3)]
    assert attended == {16, 8}
    assert len(net.out_blocks) == 4 * len(units)
    assert sum(isinstance(layer, DenoisingUpsample)
               for block in net.out_blocks for layer in block) == len(units) - 1


def test_published_size_is_the_papers():
    """Appendix A: 120 million parameters for ImageNet at 64x64."""
    with torch.device('meta'):
        net = DenoisingUnet(64, use_scale_shift_norm=True)
    count = sum(p.numel() for p in net.parameters())
    assert count == pytest.approx(120e6, rel=0.02)


def test_output_starts_at_nothing():
    found = tiny()(torch.randn(2, 3, 8, 8), torch.tensor([0, 5]))
    assert not found['eps_t_pred'].any()
    assert (found['factor'] == 0.5).all()


@pytest.mark.parametrize('mean, key', [
    ('eps', 'eps_t_pred'), ('START_X', 'x_0_pred'),
    ('previous_x', 'x_tm1_pred')])
@pytest.mark.parametrize('var, more', [
    ('FIXED_SMALL', set()), ('fixed_large', set()), ('learned', {'logvar'}),
    ('learned_range', {'factor'})])
def test_outputs_have_the_names_of_their_meaning(mean, key, var, more):
    net = tiny(output_cfg=dict(mean=mean, var=var))
    found = net(torch.randn(2, 3, 8, 8), torch.tensor([0, 5]))
    assert set(found) == {key} | more
    assert all(value.shape == (2, 3, 8, 8) for value in found.values())


def test_class_and_timestep_and_image_matter():
    net = randomised(tiny(num_classes=3))
    x, t = torch.randn(1, 3, 8, 8), torch.tensor([5])
    y = torch.tensor([1])
    first = net(x, t, label=y)['eps_t_pred']
    for other in (net(x + 1, t, label=y), net(x, t + 100, label=y),
                  net(x, t, label=y + 1)):
        assert (other['eps_t_pred'] - first).abs().max() > 1e-3
    with pytest.raises(ValueError, match='num_classes=3, but label is missing'):
        net(x, t)
    with pytest.raises(ValueError, match='num_classes=0, but label is given'):
        tiny()(x, t, label=y)


def test_parts_can_be_set_by_config():
    net = tiny(
        downsample_conv=False, upsample_conv=False, embedding_channels=12,
        channels_cfg={8: [1, 3]}, attention_cfg=dict(
            type='MultiHeadAttention', num_heads=1),
        resblock_cfg=dict(type='DenoisingResBlock', dropout=0.25))
    assert not any('downsample' in key or key.endswith('1.conv.weight')
                   for key in net.state_dict())
    assert net.time_embedding.blocks[2].out_features == 12
    assert net.mid_blocks[0].conv_1[2].out_channels == 24
    assert net.mid_blocks[1].num_heads == 1
    assert net.mid_blocks[0].conv_2[1].p == 0.25
    assert net(torch.randn(1, 3, 8, 8), torch.tensor([0]))


@pytest.mark.parametrize('settings, words', [
    (dict(image_size=48, channels_cfg=None),
     'image_size=48 has no channel table; known: 32, 64, 256. Pass'),
    (dict(image_size=6, channels_cfg=[1, 1, 1]), 'cannot be halved 2 times'),
    (dict(output_cfg=dict(mean='x', var='learned')), "mean='x', expected one"),
    (dict(output_cfg=dict(mean='eps')), 'var=None, expected one of'),
])
def test_refused_settings_say_why(settings, words):
    with pytest.raises(ValueError, match=words):
        tiny(**settings)


def test_registered_names():
    for name in ('DenoisingUnet', 'TimeEmbedding', 'NormWithEmbedding',
                 'MultiHeadAttention', 'DenoisingResBlock',
                 'DenoisingDownsample', 'DenoisingUpsample'):
        assert MODULES.get(name).__name__ == name
    assert isinstance(MODELS.build(dict(type='SiLU', inplace=True)), nn.SiLU)


def test_double_precision_and_channels_last_give_the_same():
    net = randomised(tiny(num_classes=3)).eval()
    x, t, y = torch.randn(2, 3, 8, 8), torch.tensor([1, 600]), torch.tensor(
        [0, 2])
    expected = net(x, t, label=y)
    for key, value in net.to(memory_format=torch.channels_last)(
            x.to(memory_format=torch.channels_last), t, label=y).items():
        torch.testing.assert_close(value, expected[key])
    for key, value in copy.deepcopy(net).double()(
            x.double(), t, label=y).items():
        assert value.dtype == torch.double
        torch.testing.assert_close(
            value.float(), expected[key], rtol=1e-4, atol=1e-4)


def test_autocast_is_near_and_gradients_reach_everything():
    net = randomised(tiny(num_classes=3))
    inputs = torch.randn(2, 3, 8, 8), torch.tensor([1, 600])
    y = torch.tensor([0, 2])
    full = net(*inputs, label=y)['eps_t_pred']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = net(*inputs, label=y)
    mixed = found['eps_t_pred']
    assert mixed.dtype == torch.bfloat16
    assert (mixed - full).abs().max() < 0.1 * full.abs().max()
    sum(value.float().square().mean() for value in found.values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())
