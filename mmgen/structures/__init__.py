"""Data structures that travel between the parts."""
from mmgen.structures.gen_data_sample import GenDataSample
from mmgen.structures.label_data import LabelData
from mmgen.structures.pixel_data import PixelData

__all__ = ['GenDataSample', 'LabelData', 'PixelData']
