import pickle

import numpy as np
import pytest
from torch.utils.data import Dataset

from mmgen.datasets import SubsetDataset, check_training_data
from mmgen.registry import DATASETS


class Numbers(Dataset):
    """Sample ``i`` is the number ``i``."""

    metainfo = dict(classes=('a', 'b', 'c'))

    def __init__(self, labels):
        self.labels = None if labels is None else np.array(labels)

    def __len__(self):
        return 20 if self.labels is None else len(self.labels)

    def __getitem__(self, index):
        return index


def samples(data):
    return [data[i] for i in range(len(data))]


def test_each_class_gives_its_share_evenly_spread():
    # Ten of class 0 at the even places, ten of class 1 at the odd ones.
    data = SubsetDataset(Numbers([0, 1] * 10), 0.2)
    assert samples(data) == [0, 1, 10, 11]
    assert data.labels.tolist() == [0, 1, 0, 1]
    assert data.metainfo['classes'] == ('a', 'b', 'c')
    # Sorted by class, as folders are.
    data = SubsetDataset(Numbers([0] * 10 + [2] * 5), 0.4)
    assert samples(data) == [0, 2, 5, 7, 10, 12]
    assert data.labels.tolist() == [0, 0, 0, 0, 2, 2]


def test_no_class_is_lost_and_the_whole_stays_the_whole():
    labels = [0] * 50 + [1]
    assert samples(SubsetDataset(Numbers(labels), 0.02)) == [0, 50]
    assert samples(SubsetDataset(Numbers(labels), 1)) == list(range(51))


def test_without_labels_all_samples_are_one_class():
    data = SubsetDataset(Numbers(None), 0.25)
    assert samples(data) == [0, 4, 8, 12, 16]
    assert data.labels is None


@pytest.mark.parametrize('share', [0, -0.1, 1.5])
def test_no_share_is_refused(share):
    with pytest.raises(ValueError, match=f'share={share}, expected a part'):
        SubsetDataset(Numbers(None), share)


def test_it_ends():
    data = SubsetDataset(Numbers(None), 0.1)
    with pytest.raises(IndexError, match='index 2 of 2 samples'):
        data[2]
    with pytest.raises(IndexError, match='index -1 of 2'):
        data[-1]


def test_a_tenth_of_cifar10_from_a_config(tmp_path):
    """Built from names, and taken by the check before training."""
    folder = tmp_path / 'cifar-10-batches-py'
    folder.mkdir()
    content = {b'data': np.zeros((200, 3072), np.uint8),
               b'labels': [i % 10 for i in range(200)]}
    (folder / 'data_batch_1').write_bytes(pickle.dumps(content, protocol=2))
    data = DATASETS.build(
        dict(
            type='SubsetDataset',
            share=0.1,
            dataset=dict(
                type='CIFAR10',
                data_root=str(tmp_path),
                check_md5=False,
                pipeline=[dict(type='PackGenInputs')])))
    assert np.bincount(data.labels).tolist() == [2] * 10
    assert data[19]['data_samples'].gt_label.label.item() == 9
    check_training_data(data, num_classes=10, channels=3)
