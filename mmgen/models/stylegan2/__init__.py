"""StyleGAN2."""
from .networks import (ADAStyleGAN2Discriminator, StyleGAN2Discriminator,
                       StyleGANv2Generator)
from .stylegan2 import StyleGAN2

__all__ = [
    'ADAStyleGAN2Discriminator', 'StyleGAN2', 'StyleGAN2Discriminator',
    'StyleGANv2Generator'
]
