"""Images: where they are read from, their transforms, and their batches."""
from mmgen.datasets.checks import check_training_data
from mmgen.datasets.cifar10 import CIFAR10
from mmgen.datasets.image_dataset import ImageDataset
from mmgen.datasets.imagenet import ImageNet
from mmgen.datasets.loading import (ResumableSampler, SeededDataset,
                                    stack_collate)
from mmgen.datasets.quick_test_image_dataset import QuickTestImageDataset
from mmgen.datasets.repeat_dataset import RepeatDataset
from mmgen.datasets.transforms import (CenterCropLongEdge, Crop, FixedCrop,
                                       Flip, LoadImageFromFile, NumpyPad,
                                       PackGenInputs, RandomCropLongEdge,
                                       Resize)
from mmgen.datasets.unconditional_image_dataset import \
    UnconditionalImageDataset

__all__ = [
    'CIFAR10', 'CenterCropLongEdge', 'Crop', 'FixedCrop', 'Flip',
    'ImageDataset', 'ImageNet', 'LoadImageFromFile', 'NumpyPad',
    'PackGenInputs', 'QuickTestImageDataset', 'RandomCropLongEdge',
    'RepeatDataset', 'Resize', 'ResumableSampler', 'SeededDataset',
    'UnconditionalImageDataset', 'check_training_data', 'stack_collate'
]
