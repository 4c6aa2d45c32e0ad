"""Geometric GAN (Lim and Ye 2017, arXiv:1705.02894)."""
from .ggan import GGAN

__all__ = ['GGAN']
