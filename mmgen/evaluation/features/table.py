"""All features of a set of images, for metrics that need each of them."""
import os
import zipfile
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from mmengine.dist import all_reduce, is_main_process
from torch import Tensor

from mmgen.evaluation.features.statistics import read_npz
from mmgen.utils.plain_pickle import load_plain_pickle
from mmgen.utils.whole_file import whole_file

# Rows that are joined over the processes at a time: what each of them needs
# beside its own share.
ROWS_PER_REDUCTION = 1024

FEATURES_KEY = 'features'


@dataclass(frozen=True)
class FeatureTable:
    """Feature vectors in the order of the images.

    Attributes:
        rows: float32 ``[N, P]``; ``[0, P]`` on processes other than the main
            one, which computes alone.
        count: ``N``.
        sha256: Hash of the images as the network saw them, or of the file
            that the features came from.
    """

    rows: Tensor
    count: int
    sha256: str

    def to(self, device: torch.device | str) -> 'FeatureTable':
        """The same with its rows on a device."""
        return replace(self, rows=self.rows.to(device))

    def without_rows(self) -> 'FeatureTable':
        """What other processes have to know."""
        return replace(self, rows=self.rows[:0])


class FeatureCollector:
    """Keeps features that come in batches, by the place of their image.

    Args:
        total: Number of images over all processes.
        dim: Length ``P`` of a feature vector.
        device: Where they are kept.
    """

    def __init__(self, total: int, dim: int,
                 device: torch.device | str = 'cpu') -> None:
        self.total = total
        self.dim = dim
        self.device = device
        self._parts: list[tuple[int, Tensor]] = []

    def update(self, features: Tensor, start: int) -> None:
        """Add ``[N, P]`` features of the images from ``start`` on."""
        if features.ndim != 2 or features.shape[1] != self.dim:
            raise ValueError(
                f'FeatureCollector: features have shape '
                f'{list(features.shape)}, expected [N, {self.dim}].')
        if start + len(features) > self.total:
            raise ValueError(
                f'FeatureCollector: features of the images {start} to '
                f'{start + len(features) - 1}, expected {self.total} images '
                'in all.')
        kept = features.to(self.device, torch.float32)
        self._parts.append((start, kept))

    def gather(self) -> FeatureTable:
        """The features of all processes; each has to call it.

        Nothing is left here, so that they are not held twice.
        """
        count = torch.tensor([sum(len(rows) for _, rows in self._parts)])
        all_reduce(count)
        waiting = deque(sorted(self._parts, key=lambda part: part[0]))
        self._parts = []
        table = torch.empty(self.total if is_main_process() else 0, self.dim,
                            device=self.device)
        for start in range(0, self.total, ROWS_PER_REDUCTION):
            stop = min(start + ROWS_PER_REDUCTION, self.total)
            block = torch.zeros(stop - start, self.dim, device=self.device)
            _fill(block, start, waiting)
            # A row is one process's; the others add zero, which is exact.
            all_reduce(block)
            if is_main_process():
                table[start:stop] = block
        return FeatureTable(table, int(count), sha256='')


def _fill(block: Tensor, start: int,
          waiting: 'deque[tuple[int, Tensor]]') -> None:
    """Move rows from place ``start`` on into a block, ``[R, P]``."""
    stop = start + len(block)
    while waiting and waiting[0][0] < stop:
        place, rows = waiting.popleft()
        fitting = rows[:stop - place]
        block[place - start:place - start + len(fitting)] = fitting
        if len(fitting) < len(rows):
            waiting.appendleft((stop, rows[len(fitting):]))


def write_features(path: Path, table: FeatureTable) -> None:
    """Write a ``.npz``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        np.savez(file, sha256=table.sha256,
                 **{FEATURES_KEY: table.rows.cpu().numpy()})


def read_features(path: str | os.PathLike) -> FeatureTable:
    """All features of a set out of a file.

    Args:
        path: An ``.npz`` with ``features``, or a pickle of an array or of a
            dict with such an entry.

    Raises:
        ValueError: The file is none of these, or would run code.
    """
    content = read_npz(path) if zipfile.is_zipfile(path) \
        else load_plain_pickle(path)
    found = content.get(FEATURES_KEY) if isinstance(content, dict) else content
    if not isinstance(found, np.ndarray) or found.ndim != 2 \
            or found.dtype.kind != 'f':
        kind = ', '.join(map(str, content)) if isinstance(content, dict) \
            else type(content).__name__
        raise ValueError(
            f'{path}: no features in it, found {kind}; expected an array of '
            'floats [N, P], or a dict with such an entry "features".')
    if not np.isfinite(found).all():
        raise ValueError(f'{path}: the features hold NaN or infinity. Make '
                         'the file again.')
    sha256 = str(content.get('sha256', '')) if isinstance(content, dict) \
        else ''
    rows = torch.from_numpy(np.ascontiguousarray(found, dtype=np.float32))
    return FeatureTable(rows, len(rows), sha256)
