"""Data structures that travel between the parts."""
from .gen_data_sample import GenDataSample
from .label_data import LabelData
from .pixel_data import PixelData

__all__ = ['GenDataSample', 'LabelData', 'PixelData']
