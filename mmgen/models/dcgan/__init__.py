"""DCGAN (Radford et al. 2015, arXiv:1511.06434)."""
from .dcgan import DCGAN
from .networks import DCGANDiscriminator, DCGANGenerator

__all__ = ['DCGAN', 'DCGANDiscriminator', 'DCGANGenerator']
