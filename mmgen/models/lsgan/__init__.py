"""LSGAN (Mao et al. 2016, arXiv:1611.04076)."""
from .lsgan import LSGAN
from .networks import LSGANDiscriminator, LSGANGenerator

__all__ = ['LSGAN', 'LSGANDiscriminator', 'LSGANGenerator']
