"""Pix2Pix (Isola et al. 2016, arXiv:1611.07004)."""
from .networks import UnetGenerator
from .pix2pix import Pix2Pix

__all__ = ['Pix2Pix', 'UnetGenerator']
