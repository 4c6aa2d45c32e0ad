"""R3GAN (its authors): ``network-snapshot-....pkl``.

Saved like the StyleGAN authors' networks. Images are RGB. A class is embedded
by a linear layer over one-hot vectors, whose weight is that of an embedding
turned round. The filters of resampling are not stored here.
"""
import re

from torch import Tensor

from mmgen.apis.conversion.official_pickle import read_networks
from mmgen.apis.conversion.source import (Layout, Names, Source,
                                          no_truncation)

# Patterns of a residual block's entries, and what they are called here.
BLOCK = {
    r'LinearLayer1\.Layer\.weight': 'expand.weight',
    r'NonLinearity1\.Bias': 'act1.bias',
    r'LinearLayer2\.Layer\.weight': 'mix.weight',
    r'NonLinearity2\.Bias': 'act2.bias',
    r'LinearLayer3\.Layer\.weight': 'reduce.weight',
}
BLOCKS_PER_STAGE = 2


def blocks(first: int) -> Names:
    """Blocks, in stages of one change of resolution and two blocks.

    Args:
        first: Place of the first block in our row of layers.
    """

    def place(match: re.Match) -> int:
        stage, block = int(match[1]), int(match[2])
        return stage * (BLOCKS_PER_STAGE + 1) + block + first

    return tuple(
        (rf'Model\.MainLayers\.(\d+)\.Layers\.(\d+)\.{theirs}',
         lambda match, ours=ours: f'stages.{place(match)}.{ours}')
        for theirs, ours in BLOCK.items())


def width_change(first: int) -> Names:
    """The 1x1 convolutions beside the changes of resolution.

    Args:
        first: Place of that of stage 0 in our row of layers, were there one.
    """

    def ours(match: re.Match) -> str:
        place = int(match[1]) * (BLOCKS_PER_STAGE + 1) + first
        return f'stages.{place}.change_width.weight'

    transition = r'Model\.MainLayers\.(\d+)\.TransitionLayer'
    return ((rf'{transition}\.LinearLayer\.Layer\.weight', ours),
            (rf'{transition}\.Resampler\.Kernel', None))


BASIS = r'Model\.MainLayers\.\d+\.TransitionLayer'

# A stage of the generator begins with its change of resolution, one of the
# discriminator ends with it; that at 4x4 pixels is the basis and has none.
GENERATOR = (
    (r'Model\.EmbeddingLayer\.weight', 'embedding.weight'),
    (rf'{BASIS}\.LinearLayer\.weight', 'noise2weights.weight'),
    (rf'{BASIS}\.Basis', 'basis'),
    *width_change(first=-1),
    *blocks(first=0),
    (r'Model\.AggregationLayer\.Layer\.weight', 'to_image.weight'),
)
DISCRIMINATOR = (
    (r'Model\.ExtractionLayer\.Layer\.weight', 'from_image.weight'),
    *blocks(first=0),
    *width_change(first=BLOCKS_PER_STAGE),
    (rf'{BASIS}\.Basis\.weight', 'basis.weight'),
    (rf'{BASIS}\.LinearLayer\.weight', 'features.weight'),
    (r'Model\.EmbeddingLayer\.weight', 'embedding.weight'),
)


def change(entries: dict[str, Tensor], truncation: float | None) -> None:
    """Embeddings have a row for each class."""
    no_truncation(entries, truncation)
    if 'embedding.weight' in entries:
        entries['embedding.weight'] = entries['embedding.weight'].T


R3GAN = Source(
    config='r3gan/r3gan_8xb32-78kiters_ffhq-256x256.py',
    layouts=dict(
        generator=Layout(
            r'Model\.AggregationLayer\.', GENERATOR,
            image_entries=((r'to_image\.weight', 0), )),
        discriminator=Layout(
            r'Model\.ExtractionLayer\.', DISCRIMINATOR,
            image_entries=((r'from_image\.weight', 1), ))),
    read=read_networks,
    change=change)
