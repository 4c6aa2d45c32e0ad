"""StyleGAN (arXiv:1812.04948)."""
from .networks import StyleGAN1Discriminator, StyleGANv1Generator
from .stylegan1 import StyleGANv1

__all__ = ['StyleGAN1Discriminator', 'StyleGANv1', 'StyleGANv1Generator']
