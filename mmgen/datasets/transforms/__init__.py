"""Steps of a data pipeline; mmcv's are found by name beside these."""
from .broadcast import TransformBroadcaster
from .crop import CenterCropLongEdge, Crop, FixedCrop, RandomCropLongEdge
from .flip import Flip
from .load_image import LoadImageFromFile, LoadPairedImageFromFile
from .pack import PackGenInputs
from .pad import NumpyPad
from .resize import Resize

__all__ = [
    'CenterCropLongEdge', 'Crop', 'FixedCrop', 'Flip', 'LoadImageFromFile',
    'LoadPairedImageFromFile', 'NumpyPad', 'PackGenInputs',
    'RandomCropLongEdge', 'Resize', 'TransformBroadcaster'
]
