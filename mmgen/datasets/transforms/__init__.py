"""Steps of a data pipeline; mmcv's are found by name beside these."""
from .crop import CenterCropLongEdge, Crop, FixedCrop, RandomCropLongEdge
from .flip import Flip
from .load_image import LoadImageFromFile
from .pack import PackGenInputs
from .pad import NumpyPad
from .resize import Resize

__all__ = [
    'CenterCropLongEdge', 'Crop', 'FixedCrop', 'Flip', 'LoadImageFromFile',
    'NumpyPad', 'PackGenInputs', 'RandomCropLongEdge', 'Resize'
]
