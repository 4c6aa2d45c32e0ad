"""PyTorch-StudioGAN: residual SNGAN with projection, and SAGAN.

Each file holds one network under ``state_dict``, with images in RGB. A block
is ``blocks.I.0``, an attention counts as a block. The spelling is that of
2021's checkpoints.

The project computes activations in place, so the shortcuts of its
discriminator see the activated input: a discriminator that shall go on needs
``act_cfg=dict(type='ReLU', inplace=True)``.
"""
import re

from mmgen.apis.conversion.source import TORCH_SN as SN
from mmgen.apis.conversion.source import Layout, Source

PARTS = dict(
    conv2d0='shortcut.conv', conv2d1='conv_1.conv', conv2d2='conv_2.conv',
    conv1x1_theta='theta.conv', conv1x1_phi='phi.conv', conv1x1_g='g.conv',
    conv1x1_attn='o.conv')
LAYERS = f'({"|".join(PARTS)})'


def head_layer(match: re.Match) -> str:
    """A layer of the discriminator's first block."""
    return f'from_rgb.{PARTS[match[1]]}.{match[2]}'


def later_layer(match: re.Match) -> str:
    """A layer of one of its other blocks, which are counted from 0."""
    return f'conv_blocks.{int(match[1]) - 1}.{PARTS[match[2]]}.{match[3]}'


GENERATOR = (
    (rf'linear0\.{SN}', r'noise2feat.\1'),
    (rf'blocks\.(\d+)\.0\.{LAYERS}\.{SN}',
     lambda match: f'conv_blocks.{match[1]}.{PARTS[match[2]]}.{match[3]}'),
    (rf'blocks\.(\d+)\.0\.bn([12])\.embed0\.{SN}',
     r'conv_blocks.\1.norm_\2.weight_embedding.\3'),
    (rf'blocks\.(\d+)\.0\.bn([12])\.embed1\.{SN}',
     r'conv_blocks.\1.norm_\2.bias_embedding.\3'),
    (r'blocks\.(\d+)\.0\.bn([12])\.bn\.(\w+)',
     r'conv_blocks.\1.norm_\2.norm.\3'),
    (r'blocks\.(\d+)\.0\.sigma', r'conv_blocks.\1.gamma'),
    (r'bn4\.(\w+)', r'to_rgb.bn.\1'),
    (rf'conv2d5\.{SN}', r'to_rgb.conv.\1'),
)

DISCRIMINATOR = (
    (rf'blocks\.0\.0\.{LAYERS}\.{SN}', head_layer),
    (rf'blocks\.(\d+)\.0\.{LAYERS}\.{SN}', later_layer),
    (r'blocks\.(\d+)\.0\.sigma',
     lambda match: f'conv_blocks.{int(match[1]) - 1}.gamma'),
    (rf'linear1\.{SN}', r'decision.\1'),
    (rf'embedding\.{SN}', r'proj_y.\1'),
)

STUDIOGAN = Source(
    config='sngan_proj/sngan-proj-cvt-studioGAN_imagenet1k-128x128.py',
    bn_eps=1e-4,
    layouts=dict(
        generator=Layout(r'linear0\.', GENERATOR),
        discriminator=Layout(
            r'linear1\.', DISCRIMINATOR,
            ('from_rgb.conv_1.conv', 'from_rgb.shortcut.conv'))))
