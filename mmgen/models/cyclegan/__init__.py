"""CycleGAN (Zhu et al. 2017, arXiv:1703.10593)."""
from .cyclegan import CycleGAN
from .networks import ResnetGenerator

__all__ = ['CycleGAN', 'ResnetGenerator']
