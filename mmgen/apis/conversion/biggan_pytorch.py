"""BigGAN-PyTorch (ajbrock): ``G.pth``, ``G_ema.pth`` and ``D.pth``.

Each file is the bare state dict of one network, with images in RGB. A block
is ``blocks.I.0`` and the attention behind it ``blocks.I.1``.
"""
import re
from collections.abc import Iterable

from mmgen.apis.conversion.source import AJBROCK_SN as SN
from mmgen.apis.conversion.source import Layout, Source

BLOCKS = (
    (rf'blocks\.(\d+)\.(conv[12])\.{SN}', r'conv_blocks.\1.\2.conv.\3'),
    (rf'blocks\.(\d+)\.conv_sc\.{SN}', r'conv_blocks.\1.shortcut.conv.\2'),
    (rf'blocks\.(\d+)\.(theta|phi|g|o)\.{SN}', r'conv_blocks.\1.\2.conv.\3'),
    (r'blocks\.(\d+)\.gamma', r'conv_blocks.\1.gamma'),
)

GENERATOR = (
    (r'shared\.weight', r'shared_embedding.weight'),
    (rf'linear\.{SN}', r'noise2feat.\1'),
    (rf'blocks\.(\d+)\.(bn[12])\.(gain|bias)\.{SN}',
     r'conv_blocks.\1.\2.\3.\4'),
    (r'blocks\.(\d+)\.(bn[12])\.stored_(mean|var)',
     r'conv_blocks.\1.\2.bn.running_\3'),
    *BLOCKS,
    (r'output_layer\.0\.gain', r'output_layer.bn.weight'),
    (r'output_layer\.0\.bias', r'output_layer.bn.bias'),
    (r'output_layer\.0\.stored_(mean|var)', r'output_layer.bn.running_\1'),
    (rf'output_layer\.2\.{SN}', r'output_layer.conv.\1'),
)

DISCRIMINATOR = (
    *BLOCKS,
    (rf'linear\.{SN}', r'decision.\1'),
    (rf'embed\.{SN}', r'proj_y.\1'),
)


def flat_blocks(keys: Iterable[str]) -> dict[str, str]:
    """``blocks.I.J.`` becomes ``blocks.K.``, attention counted as a block."""
    attends = {int(match[1]) for key in keys
               if (match := re.match(r'blocks\.(\d+)\.1\.', key))}

    def number(match: re.Match) -> str:
        block, part = int(match[1]), int(match[2])
        return f'blocks.{block + part + sum(a < block for a in attends)}.'

    return {key: re.sub(r'^blocks\.(\d+)\.([01])\.', number, key)
            for key in keys}


BIGGAN_PYTORCH = Source(
    config='biggan/biggan_cvt-BigGAN-PyTorch-rgb_imagenet1k-128x128.py',
    bn_eps=1e-5,
    layouts=dict(
        generator=Layout(r'output_layer\.', GENERATOR),
        discriminator=Layout(
            r'embed\.', DISCRIMINATOR,
            ('conv_blocks.0.conv1.conv', 'conv_blocks.0.shortcut.conv'))),
    flat=flat_blocks)
