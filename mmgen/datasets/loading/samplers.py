"""Which sample comes when."""
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch import Tensor
from torch.utils.data import Sampler

from mmgen.registry import DATA_SAMPLERS
from mmgen.utils.randomness import mix_seed


@DATA_SAMPLERS.register_module()
class ResumableSampler(Sampler):
    """An endless stream of ``(position, index)`` that starts anywhere.

    All ranks together read one stream: epoch after epoch, each in an order of
    its own. The sample at position ``p`` is number ``p % n`` in the order of
    epoch ``p // n``, that order being drawn from ``(seed, epoch)``; rank ``r``
    of ``W`` reads the positions ``r, r + W, r + 2W, ...``. Which sample comes
    is thus a formula of the position, and nothing is read to get there. No
    sample is left out or read twice in an epoch, also where ``W`` does not
    divide ``n``.

    Args:
        dataset: What is sampled from; only its length counts.
        seed: The run's seed, the same on all ranks; None to agree on one.
        rank: This process; None to ask the process group.
        world_size: How many there are; None to ask the process group.
        shuffle: Whether the order is random; otherwise it is that of the
            dataset.

    Raises:
        ValueError: The dataset is empty.
    """

    def __init__(self,
                 dataset: Sized,
                 seed: int | None = None,
                 rank: int | None = None,
                 world_size: int | None = None,
                 shuffle: bool = True):
        own_rank, own_world_size = get_dist_info()
        self.rank = own_rank if rank is None else rank
        self.world_size = own_world_size if world_size is None else world_size
        self.seed = sync_random_seed() if seed is None else seed
        self.size = len(dataset)
        self.shuffle = shuffle
        self._start = 0  # samples of this rank that come before the first
        if self.size == 0:
            raise ValueError(
                'ResumableSampler: the dataset is empty, nothing to sample.')

    def start_at(self, num_samples: int) -> None:
        """Where the next ``iter()`` begins.

        Args:
            num_samples: How many samples this rank has had before.
        """
        if num_samples < 0:
            raise ValueError(f'ResumableSampler: start_at({num_samples}), '
                             'expected 0 or more samples.')
        self._start = num_samples

    def __iter__(self) -> Iterator[tuple[int, int]]:
        position = self.rank + self._start * self.world_size
        while True:
            epoch, offset = divmod(position, self.size)
            order = self._order(epoch)[offset::self.world_size]
            for index in order.tolist():
                yield position, index
                position += self.world_size

    def __len__(self) -> int:
        """Samples of the dataset, as MMEngine's endless sampler says."""
        return self.size

    def _order(self, epoch: int) -> Tensor:
        """The indices of one epoch, ``[n]``."""
        if not self.shuffle:
            return torch.arange(self.size)
        generator = torch.Generator()
        generator.manual_seed(mix_seed(self.seed, epoch))
        return torch.randperm(self.size, generator=generator)
