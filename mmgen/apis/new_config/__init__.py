"""Configs for a user's own images."""
from .families import FAMILIES
from .run_settings import METRICS
from .write import Wish, write_new_config

__all__ = ['FAMILIES', 'METRICS', 'Wish', 'write_new_config']
