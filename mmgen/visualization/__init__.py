"""Pictures of samples, and where pictures and numbers go."""
from mmgen.visualization.vis_backends import (GenVisBackend,
                                              TensorboardGenVisBackend,
                                              WandbGenVisBackend)
from mmgen.visualization.visualizer import GenVisualizer

__all__ = [
    'GenVisBackend', 'GenVisualizer', 'TensorboardGenVisBackend',
    'WandbGenVisBackend'
]
