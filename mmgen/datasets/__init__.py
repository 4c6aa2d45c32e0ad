"""Images: where they are read from, their transforms, and their batches."""
from .checks import check_training_data
from .cifar10 import CIFAR10
from .grow_scale_image_dataset import GrowScaleImgDataset
from .image_dataset import ImageDataset
from .imagenet import ImageNet
from .loading import ResumableSampler, SeededDataset, stack_collate
from .npz_image_dataset import NpzImageDataset
from .paired_image_dataset import PairedImageDataset
from .quick_test_image_dataset import QuickTestImageDataset
from .repeat_dataset import RepeatDataset
from .singan_dataset import SinGANDataset
from .subset_dataset import SubsetDataset
from .transforms import (CenterCropLongEdge, Crop, FixedCrop, Flip,
                         LoadImageFromFile, LoadPairedImageFromFile, NumpyPad,
                         PackGenInputs, RandomCropLongEdge, Resize,
                         TransformBroadcaster)
from .unconditional_image_dataset import UnconditionalImageDataset
from .unpaired_image_dataset import UnpairedImageDataset

__all__ = [
    'CIFAR10', 'CenterCropLongEdge', 'Crop', 'FixedCrop', 'Flip',
    'GrowScaleImgDataset', 'ImageDataset', 'ImageNet', 'LoadImageFromFile',
    'LoadPairedImageFromFile', 'NpzImageDataset', 'NumpyPad', 'PackGenInputs',
    'PairedImageDataset', 'QuickTestImageDataset', 'RandomCropLongEdge',
    'RepeatDataset', 'Resize', 'ResumableSampler', 'SeededDataset',
    'SinGANDataset', 'SubsetDataset', 'TransformBroadcaster',
    'UnconditionalImageDataset', 'UnpairedImageDataset', 'check_training_data',
    'stack_collate'
]
