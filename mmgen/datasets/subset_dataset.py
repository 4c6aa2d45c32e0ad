"""A part of a dataset, for training with little data."""
import numpy as np
from torch.utils.data import Dataset

from mmgen.registry import DATASETS


@DATASETS.register_module()
class SubsetDataset(Dataset):
    """The same share of each class of a dataset, always the same samples.

    They lie evenly spread over those of their class, and stay in the order of
    the dataset. Of a class with ``n`` samples there are ``n * share``, rounded
    and at least one. Without labels all samples are one class.

    Args:
        dataset: A dataset, or its config.
        share: The part to take, above 0 and up to 1.
    """

    def __init__(self, dataset: Dataset | dict, share: float):
        if not 0 < share <= 1:
            raise ValueError(f'SubsetDataset: share={share}, expected a part '
                             'of the whole, above 0 and up to 1.')
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        self.dataset = dataset
        self.share = share
        labels = getattr(dataset, 'labels', None)
        if labels is None:
            labels = np.zeros(len(dataset), dtype=np.int64)
        self.indices = np.sort(np.concatenate([
            _evenly_spread(np.flatnonzero(labels == label), share)
            for label in np.unique(labels)
        ]))

    @property
    def metainfo(self) -> dict:
        """What is known about the whole dataset."""
        return getattr(self.dataset, 'metainfo', {})

    @property
    def labels(self) -> np.ndarray | None:
        """The class index of each sample, int64 ``[len]``; None without."""
        labels = getattr(self.dataset, 'labels', None)
        return None if labels is None else labels[self.indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> dict:
        if not 0 <= index < len(self):
            raise IndexError(
                f'SubsetDataset: index {index} of {len(self)} samples')
        return self.dataset[int(self.indices[index])]


def _evenly_spread(indices: np.ndarray, share: float) -> np.ndarray:
    """A share of ``indices``, as far from each other as can be."""
    count = max(1, round(len(indices) * share))
    return indices[np.arange(count) * len(indices) // count]
