"""Data that does not fit the model is refused before training."""
import numpy as np
import pytest
import torch

from mmgen.datasets import (ImageDataset, SeededDataset, check_training_data)
from mmgen.structures import GenDataSample


class Labelled(ImageDataset):
    """Images of some shape with the given labels."""

    def __init__(self, labels, shape=(3, 4, 4)):
        super().__init__()
        self._labels, self.shape = labels, shape

    @property
    def labels(self):
        return None if self._labels is None else np.array(self._labels)

    def __len__(self):
        return 4 if self._labels is None else len(self._labels)

    def read(self, index):
        sample = GenDataSample()
        if self._labels is not None:
            sample.set_gt_label(self._labels[index])
        np.random.random()
        return dict(
            inputs=dict(img=torch.zeros(self.shape, dtype=torch.uint8)),
            data_samples=sample)


@pytest.mark.parametrize('dataset, num_classes, channels', [
    (Labelled([0, 1, 2]), 3, 3),
    (Labelled([0, 1, 1]), 10, 3),
    (Labelled([0, 0]), 1, None),
    (Labelled([5, 5]), None, 3),
    (Labelled(None, shape=(1, 4, 4)), None, 1),
    (SeededDataset(Labelled([0, 1]), 0), 2, 3),
])
def test_fitting_data_passes(dataset, num_classes, channels):
    check_training_data(dataset, num_classes, channels)


@pytest.mark.parametrize('dataset, num_classes, channels, words', [
    (Labelled([]), None, 3, 'Labelled: the dataset is empty'),
    (Labelled(None), 10, 3, 'the model has 10 classes, but the samples have '
     'no gt_label'),
    (Labelled([2, 2, 2]), 10, 3, 'all 3 samples have the same label 2'),
    (Labelled([0, 10]), 10, 3, 'the labels go from 0 to 10, but the model has '
     r'10 classes \(0 to 9\). Set num_classes=11'),
    (Labelled([0, 1]), 2, 1, 'the images have 3 channels .*the model has 1'),
    (Labelled(None, shape=(1, 4, 4)), None, 3, 'the images have 1 channels'),
])
def test_other_data_is_refused(dataset, num_classes, channels, words):
    with pytest.raises(ValueError, match=words):
        check_training_data(dataset, num_classes, channels)


def test_asking_draws_nothing():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    check_training_data(Labelled([0, 1]), 2, 3)
    assert np.random.random() == expected
