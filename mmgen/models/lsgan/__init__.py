"""LSGAN (Mao et al. 2016, arXiv:1611.04076)."""
from .lsgan import LSGAN

__all__ = ['LSGAN']
