"""MSPIE-StyleGAN2: one generator for several resolutions."""
from .mspie_stylegan2 import MSPIEStyleGAN2
from .networks import MSStyleGAN2Discriminator, MSStyleGANv2Generator

__all__ = [
    'MSPIEStyleGAN2', 'MSStyleGAN2Discriminator', 'MSStyleGANv2Generator'
]
