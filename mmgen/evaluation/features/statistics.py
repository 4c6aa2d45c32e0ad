"""Mean and covariance of features: streamed, joined, written and read."""
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.dist import all_reduce
from torch import Tensor

from mmgen.utils.plain_pickle import load_plain_pickle
from mmgen.utils.whole_file import whole_file

# Features wait until so many rows make one update worth its cost.
ROWS_PER_UPDATE = 256

# Names of (mean, covariance) in files of other programs, and in our own.
KNOWN_KEYS = (('real_mean', 'real_cov'), ('mean', 'cov'), ('mu', 'sigma'))


@dataclass(frozen=True)
class Gaussian:
    """Mean ``[P]`` and covariance ``[P, P]`` (with N - 1) of features.

    Attributes:
        mean: float64.
        cov: float64.
        count: Number of images, ``None`` if a file does not say.
        sha256: Hash of the images as the network saw them, or of the file
            that the statistics came from.
        network: Identity of the feature network, as JSON; empty if a file
            does not say.
        floor: Distance between two halves of the images; None if nobody
            measured it.
    """

    mean: np.ndarray
    cov: np.ndarray
    count: int | None
    sha256: str
    network: str = ''
    floor: float | None = None


class FeatureStatistics:
    """Mean and covariance of features that come in batches, in float64.

    Memory does not grow with the number of images.

    Args:
        dim: Length ``P`` of a feature vector.
        device: Where the sums are kept.

    Source: the update joins two groups as Chan, Golub and LeVeque 1983,
    "Algorithms for computing the sample variance".
    """

    def __init__(self, dim: int, device: torch.device | str = 'cpu') -> None:
        self.dim = dim
        self._count = 0
        self._mean = torch.zeros(dim, dtype=torch.float64, device=device)
        self._scatter = self._mean.new_zeros(dim, dim)
        self._waiting: list[Tensor] = []

    def update(self, features: Tensor) -> None:
        """Add feature vectors, ``[N, P]``."""
        if features.ndim != 2 or features.shape[1] != self.dim:
            raise ValueError(
                f'FeatureStatistics: features have shape '
                f'{list(features.shape)}, expected [N, {self.dim}].')
        if len(features):
            self._waiting.append(features.to(self._mean))
        if sum(map(len, self._waiting)) >= ROWS_PER_UPDATE:
            self._flush()

    def _flush(self) -> None:
        """Join what waits to the sums."""
        if not self._waiting:
            return
        rows = torch.cat(self._waiting)
        self._waiting.clear()
        mean, new, old = rows.mean(dim=0), len(rows), self._count
        centred, shift = rows - mean, mean - self._mean
        self._scatter.addmm_(centred.T, centred)
        self._scatter.addr_(shift, shift, alpha=old * new / (old + new))
        self._mean += shift * (new / (old + new))
        self._count = old + new

    def gather(self) -> Gaussian:
        """Mean and covariance over all processes; each has to call it."""
        self._flush()
        count = self._mean.new_tensor([self._count])
        all_reduce(count)
        mean = self._mean * (self._count / count)
        all_reduce(mean)
        shift = self._mean - mean
        scatter = self._scatter + self._count * torch.outer(shift, shift)
        all_reduce(scatter)
        return Gaussian(
            mean.cpu().numpy(),
            (scatter / (count - 1)).cpu().numpy(),
            int(count),
            sha256='')


class GroupedStatistics:
    """`FeatureStatistics` of groups: image ``i`` is in group ``i % G``.

    Args:
        groups: Their number ``G``.
        dim: Length ``P`` of a feature vector.
        device: Where the sums are kept.
    """

    def __init__(self, groups: int, dim: int,
                 device: torch.device | str = 'cpu') -> None:
        self.groups = [FeatureStatistics(dim, device) for _ in range(groups)]

    def update(self, features: Tensor, start: int) -> None:
        """Add ``[N, P]`` features of the images from ``start`` on."""
        count = len(self.groups)
        for index, group in enumerate(self.groups):
            group.update(features[(index - start) % count::count])

    def gather(self) -> list[Gaussian]:
        """Of each group over all processes; each has to call it."""
        return [group.gather() for group in self.groups]


def join_statistics(groups: Sequence[Gaussian]) -> Gaussian:
    """Mean and covariance of the images of all groups together.

    Source: Chan, Golub and LeVeque 1983, for several groups at once.
    """
    count = sum(group.count for group in groups)
    mean = sum(group.mean * (group.count / count) for group in groups)
    scatter = sum(
        group.cov * (group.count - 1)
        + group.count * np.outer(group.mean - mean, group.mean - mean)
        for group in groups)
    return Gaussian(mean, scatter / (count - 1), count, sha256='')


def write_statistics(path: Path, statistics: Gaussian) -> None:
    """Write a ``.npz``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        np.savez(
            file,
            mean=statistics.mean,
            cov=statistics.cov,
            count=-1 if statistics.count is None else statistics.count,
            sha256=statistics.sha256,
            network=statistics.network,
            floor=np.nan if statistics.floor is None else statistics.floor)


def read_statistics(path: str | os.PathLike) -> Gaussian:
    """Statistics from an ``.npz`` or a pickle that 1.x wrote.

    Args:
        path: A file that holds mean and covariance under the names
            ``real_mean``/``real_cov``, ``mean``/``cov`` or ``mu``/``sigma``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is none of these, or would run code.
    """
    content = read_npz(path) if zipfile.is_zipfile(path) \
        else load_plain_pickle(path)
    for mean_key, cov_key in KNOWN_KEYS:
        if isinstance(content, dict) and {mean_key, cov_key} <= set(content):
            break
    else:
        found = ', '.join(map(str, content)) if isinstance(content, dict) \
            else type(content).__name__
        raise ValueError(
            f'{path}: no mean and covariance in it, found {found}; expected '
            'real_mean and real_cov. Remove inception_pkl to compute the '
            'statistics from val_dataloader.')
    mean = np.asarray(content[mean_key], dtype=np.float64).reshape(-1)
    cov = np.asarray(content[cov_key], dtype=np.float64)
    if cov.shape != (len(mean), len(mean)):
        raise ValueError(
            f'{path}: the covariance has shape {list(cov.shape)}, expected '
            f'[{len(mean)}, {len(mean)}] to fit the mean.')
    if not (np.isfinite(mean).all() and np.isfinite(cov).all()):
        raise ValueError(f'{path}: mean or covariance hold NaN or infinity. '
                         'Make the file again.')
    count = content.get('count', content.get('size'))
    count = None if count is None or int(count) < 0 else int(count)
    floor = float(content.get('floor', np.nan))
    return Gaussian(mean, cov, count, str(content.get('sha256', '')),
                    str(content.get('network', '')),
                    None if np.isnan(floor) else floor)


def read_npz(path: str | os.PathLike) -> dict:
    """The arrays of an ``.npz`` by name, none of which runs code."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (ValueError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise ValueError(
            f'{path}: not a readable .npz file of numbers: {error}. Make it '
            'again.') from error
