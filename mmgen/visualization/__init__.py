"""Pictures of samples, and where pictures and numbers go."""
from .vis_backends import (GenVisBackend, TensorboardGenVisBackend,
                           WandbGenVisBackend)
from .visualizer import GenVisualizer

__all__ = [
    'GenVisBackend', 'GenVisualizer', 'TensorboardGenVisBackend',
    'WandbGenVisBackend'
]
