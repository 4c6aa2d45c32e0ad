"""BigGAN and BigGAN-deep."""
from .biggan import BigGAN
from .deep import (BigGANDeepDiscResBlock, BigGANDeepDiscriminator,
                   BigGANDeepGenerator, BigGANDeepGenResBlock)
from .networks import (BigGANDiscResBlock, BigGANDiscriminator,
                       BigGANGenerator, BigGANGenResBlock)

__all__ = [
    'BigGAN', 'BigGANDeepDiscResBlock', 'BigGANDeepDiscriminator',
    'BigGANDeepGenResBlock', 'BigGANDeepGenerator', 'BigGANDiscResBlock',
    'BigGANDiscriminator', 'BigGANGenResBlock', 'BigGANGenerator'
]
