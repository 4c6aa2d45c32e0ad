"""Pure functions of tensors."""
from .bias_act import ACTIVATIONS, bias_act
from .filtered_lrelu import filtered_lrelu
from .grid_sample import grid_sample
from .upfirdn2d import fir_kernel, upfirdn2d

__all__ = [
    'ACTIVATIONS', 'bias_act', 'filtered_lrelu', 'fir_kernel', 'grid_sample',
    'upfirdn2d'
]
