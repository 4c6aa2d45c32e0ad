"""A dataset whose random transforms depend on the position alone."""
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from torch.utils.data import Dataset, get_worker_info

from mmgen.utils.randomness import seed_everything, unchanged_random_state


class SeededDataset(Dataset):
    """A dataset that is asked with ``(position, index)``.

    Python's, numpy's and torch's generators are seeded from ``(seed,
    position)`` before the sample is made, so what is drawn for it does not
    depend on the worker, on how many there are, or on whether training was
    resumed in between. :class:`ResumableSampler` gives such pairs.

    In the main process the random states are left as found; a worker has no
    other use for its own.

    Args:
        dataset: What makes the samples.
        seed: The run's seed, 0 or more, the same on all ranks.
    """

    def __init__(self, dataset: Dataset, seed: int):
        self.dataset = dataset
        self.seed = seed

    @property
    def metainfo(self) -> dict:
        """What is known about the dataset inside."""
        return getattr(self.dataset, 'metainfo', {})

    @property
    def labels(self) -> np.ndarray | None:
        """The class index of each sample, int64 ``[len]``; None without."""
        return getattr(self.dataset, 'labels', None)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, place: tuple[int, int]) -> dict:
        return self.__getitems__([place])[0]

    def __getitems__(self, places: list[tuple[int, int]]) -> list[dict]:
        """A batch of samples; the random states are kept once for all."""
        with _random_state_of_the_caller():
            return [self._sample(*place) for place in places]

    def _sample(self, position: int, index: int) -> dict:
        # Transforms draw on the CPU.
        seed_everything(self.seed, position, accelerators=False)
        return self.dataset[index]


def _random_state_of_the_caller() -> AbstractContextManager:
    in_worker = get_worker_info() is not None
    return nullcontext() if in_worker else unchanged_random_state()
