"""StyleGAN3."""
from mmgen.ops.move_images import image_transform

from .mapping import MappingNetwork
from .networks import StyleGANv3Generator, SynthesisNetwork
from .stylegan3 import StyleGAN3

__all__ = [
    'MappingNetwork', 'StyleGAN3', 'StyleGANv3Generator', 'SynthesisNetwork',
    'image_transform'
]
