"""Weights that other projects published, as checkpoints of mmgen."""
from .convert import SOURCES, convert_weights

__all__ = ['SOURCES', 'convert_weights']
