"""A dataset several times over."""
import numpy as np
from torch.utils.data import Dataset

from mmgen.registry import DATASETS


@DATASETS.register_module()
class RepeatDataset(Dataset):
    """The samples of a dataset, ``times`` times one after the other.

    Args:
        dataset: A dataset, or its config.
        times: How often, at least once.
    """

    def __init__(self, dataset: Dataset | dict, times: int):
        if times < 1:
            raise ValueError(
                f'RepeatDataset: times={times}, expected 1 or more.')
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        self.dataset = dataset
        self.times = times

    @property
    def metainfo(self) -> dict:
        """What is known about the dataset that is repeated."""
        return getattr(self.dataset, 'metainfo', {})

    @property
    def labels(self) -> np.ndarray | None:
        """The class index of each sample, int64 ``[len]``; None without."""
        labels = getattr(self.dataset, 'labels', None)
        return None if labels is None else np.tile(labels, self.times)

    def __len__(self) -> int:
        return self.times * len(self.dataset)

    def __getitem__(self, index: int) -> dict:
        if not 0 <= index < len(self):
            raise IndexError(
                f'RepeatDataset: index {index} of {len(self)} samples')
        return self.dataset[index % len(self.dataset)]
