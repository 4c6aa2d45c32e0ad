"""Weights that other projects published, as checkpoints of mmgen."""
from .convert import SOURCES, convert_weights, official_source

__all__ = ['SOURCES', 'convert_weights', 'official_source']
