"""SAGAN (Zhang et al. 2018, arXiv:1805.08318)."""
from .sagan import SAGAN

__all__ = ['SAGAN']
