"""SNGAN with projection (Miyato et al. 2018, arXiv:1802.05957, 1802.05637)."""
from .networks import (ProjDiscriminator, SNGANDiscHeadResBlock,
                       SNGANDiscResBlock, SNGANGenerator, SNGANGenResBlock)
from .sngan import SNGAN

__all__ = [
    'ProjDiscriminator', 'SNGAN', 'SNGANDiscHeadResBlock', 'SNGANDiscResBlock',
    'SNGANGenResBlock', 'SNGANGenerator'
]
