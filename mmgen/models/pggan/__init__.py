"""PGGAN (arXiv:1710.10196)."""
from .growing import GrowingGAN
from .networks import PGGANDiscriminator, PGGANGenerator, PGGANNoiseTo2DFeat
from .pggan import ProgressiveGrowingGAN

__all__ = [
    'GrowingGAN', 'PGGANDiscriminator', 'PGGANGenerator', 'PGGANNoiseTo2DFeat',
    'ProgressiveGrowingGAN'
]
