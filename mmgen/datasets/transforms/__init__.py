"""Steps of a data pipeline, one file per concern.

mmcv's transforms (such as ``RandomFlip`` or ``TransformBroadcaster``) are
found by name beside these.
"""
from mmgen.datasets.transforms.crop import (CenterCropLongEdge, Crop,
                                            FixedCrop, RandomCropLongEdge)
from mmgen.datasets.transforms.flip import Flip
from mmgen.datasets.transforms.load_image import LoadImageFromFile
from mmgen.datasets.transforms.pack import PackGenInputs
from mmgen.datasets.transforms.pad import NumpyPad
from mmgen.datasets.transforms.resize import Resize

__all__ = [
    'CenterCropLongEdge', 'Crop', 'FixedCrop', 'Flip', 'LoadImageFromFile',
    'NumpyPad', 'PackGenInputs', 'RandomCropLongEdge', 'Resize'
]
