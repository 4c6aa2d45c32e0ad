"""WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028)."""
from .networks import (ConvLNModule, WGANGPDiscriminator, WGANGPGenerator,
                       WGANNoiseTo2DFeat)
from .wgan_gp import WGANGP

__all__ = [
    'ConvLNModule', 'WGANGP', 'WGANGPDiscriminator', 'WGANGPGenerator',
    'WGANNoiseTo2DFeat'
]
