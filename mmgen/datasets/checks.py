"""Does the data fit the model? Asked before the first step."""
from collections.abc import Mapping

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from mmgen.datasets.file_check import advise_on_files
from mmgen.datasets.loading.seeded import SeededDataset
from mmgen.utils.randomness import unchanged_random_state


def check_training_data(dataset: Dataset, num_classes: int | None,
                        channels: int | None) -> None:
    """Refuse data that a model cannot learn from, and log what is doubtful.

    Reads one sample and the heads of some image files (`advise_on_files`). The
    random states are left as found.

    Args:
        dataset: What the model is trained on. One with a ``labels`` array is
            checked without reading its images.
        num_classes: The classes of a conditional model; None for a model
            without.
        channels: The channels of the model's images; None to leave them
            unchecked.

    Raises:
        ValueError: The dataset is empty; its samples are not packed; a
            conditional model would get no labels, one class only, or classes
            that it does not have; the images have another number of channels.
    """
    if isinstance(dataset, SeededDataset):
        dataset = dataset.dataset
    name = type(dataset).__name__
    if len(dataset) == 0:
        raise ValueError(f'{name}: the dataset is empty, there is nothing to '
                         'train on. Check data_root.')
    with unchanged_random_state():
        sample = dataset[0]
    if not isinstance(sample, Mapping) or 'inputs' not in sample:
        has = ', '.join(map(str, sample)) if isinstance(
            sample, Mapping) else f'a {type(sample).__name__}'
        raise ValueError(
            f'{name}: a sample has no inputs, it has {has}. End the pipeline '
            'with PackGenInputs.')
    if num_classes:
        _check_labels(name, dataset, sample, num_classes)
    if channels is not None:
        _check_channels(name, sample, channels)
    advise_on_files(dataset, sample, num_classes, channels)


def _check_labels(name: str, dataset: Dataset, sample: Mapping,
                  num_classes: int) -> None:
    if 'gt_label' not in (sample.get('data_samples') or ()):
        raise ValueError(
            f'{name}: the model has {num_classes} classes, but the samples '
            'have no gt_label. Use a dataset with classes (ImageNet reads one '
            'folder per class) and PackGenInputs, or num_classes=None.')
    labels = getattr(dataset, 'labels', None)
    if labels is None:  # a foreign dataset: known only by reading it all
        return
    found = np.unique(labels)
    if found[0] < 0 or found[-1] >= num_classes:
        raise ValueError(
            f'{name}: the labels go from {found[0]} to {found[-1]}, but the '
            f'model has {num_classes} classes (0 to {num_classes - 1}). Set '
            f'num_classes={found[-1] + 1} or choose other data.')
    if len(found) == 1 and num_classes > 1:
        raise ValueError(
            f'{name}: all {len(labels)} samples have the same label '
            f'{found[0]}, but the model has {num_classes} classes. Does '
            'data_root point into the folder of one class?')


def _check_channels(name: str, sample: Mapping, channels: int) -> None:
    inputs = sample['inputs']
    image = inputs.get('img') if isinstance(inputs, Mapping) else inputs
    if not isinstance(image, Tensor):
        return
    if image.shape[0] != channels:
        raise ValueError(
            f'{name}: the images have {image.shape[0]} channels '
            f'({list(image.shape)}), but the model has {channels}. Set the '
            'flag of LoadImageFromFile ("grayscale" gives 1, "color" 3) or '
            "the model's channels.")
