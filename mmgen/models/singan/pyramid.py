"""What a SinGAN knows of its image beside the networks' weights.

How far it has been trained, the noise of the reconstruction at each scale, and
how much noise each scale adds.
"""
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.utils.checkpoint_file import local_checkpoint
from mmgen.utils.inert_pickle import load_inert_checkpoint, load_inert_pickle

PICKLED = ('noise_weights', 'fixed_noises', 'curr_stage')


class Pyramid(nn.Module):
    """The state of a pyramid of scales, as buffers.

    A checkpoint without them, as of 1.x, loads and leaves them as they are.

    Args:
        num_scales: Number of the finest scale: there is one more.
        iters_per_stage: Iterations in which a scale is trained. The finest
            goes on beyond that.

    Attributes:
        trained_iters: Iterations so far.
        noise_weights: Factor of the noise, ``[S]``; 0 before a scale's turn.
        noise0: The noise of the reconstruction at scale 0, ``[1, C, H, W]``,
            and so on. Empty before the first iteration, as the image's size
            is not known.
    """

    def __init__(self, num_scales: int, iters_per_stage: int) -> None:
        super().__init__()
        self.num_scales = num_scales
        self.iters_per_stage = iters_per_stage
        self.register_buffer('trained_iters', torch.tensor(0))
        self.register_buffer('noise_weights', torch.zeros(num_scales + 1))
        for name in self._noise_names:
            self.register_buffer(name, torch.zeros(1, 1, 0, 0))
        self.register_load_state_dict_pre_hook(fit_to_checkpoint)

    def _apply(self, fn: Callable, recurse: bool = True) -> 'Pyramid':
        """Keep the count on the CPU, where reading it waits for nothing."""
        count = self.trained_iters
        super()._apply(fn, recurse)
        self.trained_iters = count
        return self

    @property
    def _noise_names(self) -> list[str]:
        return [f'noise{scale}' for scale in range(self.num_scales + 1)]

    @property
    def fixed_noises(self) -> list[Tensor]:
        """The noise of the reconstruction, of all scales."""
        return [getattr(self, name) for name in self._noise_names]

    def set_noises(self, noises: Sequence[Tensor]) -> None:
        """Take over ``noises``, one for each scale."""
        for name, noise in zip(self._noise_names, noises):
            setattr(self, name, noise.to(self.noise_weights))

    # -------------------------------------------------- formulas of the count

    @property
    def trained_stage(self) -> int:
        """The scale of the last iteration; -1 before the first."""
        last = int(self.trained_iters) - 1
        return min(last // self.iters_per_stage, self.num_scales)

    @property
    def stage(self) -> int:
        """The scale of the next iteration."""
        return min(
            int(self.trained_iters) // self.iters_per_stage, self.num_scales)

    @property
    def iters_of_stage(self) -> int:
        """Iterations at this scale before the next one."""
        return int(self.trained_iters) - self.stage * self.iters_per_stage

    def load_file(self, path: str | Path) -> None:
        """Take over what `PickleDataHook`, here or in 1.x, has written.

        Raises:
            ValueError: The file holds something else, or other scales.
        """
        data = read_pickled(path)
        noises, weights = data['fixed_noises'], data['noise_weights']
        weights = torch.tensor([float(weight) for weight in weights])
        count = self.num_scales + 1
        if len(noises) != count or len(weights) > count:
            raise ValueError(
                f'{path} has noises of {len(noises)} scales, but the networks '
                f'have {count} (num_scales={self.num_scales}). Use the config '
                'that it was trained with.')
        self.set_noises(noises)
        self.noise_weights[:len(weights)] = weights
        self.trained_iters.fill_(
            (int(data['curr_stage']) + 1) * self.iters_per_stage)


def read_pickled(path: str | Path) -> dict[str, Any]:
    """Read a file of `PickleDataHook`, without running code of it.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: It is damaged.
        ValueError: It lacks what a pyramid needs.
    """
    path = local_checkpoint(path)
    # 1.x wrote an ordinary pickle.
    read = load_inert_checkpoint if zipfile.is_zipfile(path) \
        else load_inert_pickle
    data = read(path)
    found = list(data) if isinstance(data, dict) else [type(data).__name__]
    missing = [name for name in PICKLED if name not in found]
    if missing:
        raise ValueError(
            f'{path} has {", ".join(map(str, found))}, but not '
            f'{", ".join(missing)}. Give the file that PickleDataHook wrote.')
    if not all(isinstance(noise, Tensor) for noise in data['fixed_noises']):
        raise ValueError(f'{path} has fixed_noises that are no tensors. Give '
                         'the file that PickleDataHook wrote.')
    return data


def fit_to_checkpoint(pyramid: Pyramid, state_dict: dict, prefix: str,
                      *_: Any) -> None:
    """Keep what a checkpoint lacks; take the sizes of its noises."""
    for name, own in list(pyramid.named_buffers()):
        value = state_dict.setdefault(prefix + name, own)
        if value.shape != own.shape and name.startswith('noise') \
                and value.ndim == 4:
            setattr(pyramid, name, own.new_empty(value.shape))
