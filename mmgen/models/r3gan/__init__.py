"""R3GAN, a modern baseline."""
from .networks import R3GANDiscriminator, R3GANGenerator
from .r3gan import R3GAN

__all__ = ['R3GAN', 'R3GANDiscriminator', 'R3GANGenerator']
