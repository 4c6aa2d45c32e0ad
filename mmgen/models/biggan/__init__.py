"""BigGAN."""
from .biggan import BigGAN
from .networks import (BigGANDiscResBlock, BigGANDiscriminator,
                       BigGANGenerator, BigGANGenResBlock)

__all__ = [
    'BigGAN',
    'BigGANDiscResBlock', 'BigGANDiscriminator', 'BigGANGenResBlock',
    'BigGANGenerator'
]
