"""SinGAN, and SinGAN with positional encodings."""
from .networks import (SinGANMSGeneratorPE, SinGANMultiScaleDiscriminator,
                       SinGANMultiScaleGenerator)
from .singan import PESinGAN, SinGAN

__all__ = [
    'PESinGAN', 'SinGAN', 'SinGANMSGeneratorPE',
    'SinGANMultiScaleDiscriminator', 'SinGANMultiScaleGenerator'
]
