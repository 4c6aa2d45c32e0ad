"""What all datasets of images share: the pipeline and broken images."""
import logging
import os
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.dataset import Compose
from mmengine.logging import print_log
from torch.utils.data import Dataset

from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.registry import TRANSFORMS

MAX_TRIES = 100  # how far to look for an image that loads
MAX_LISTED = 100  # how many paths an error message names
MIN_READ = 100  # images read before their broken share says something
DEVIATIONS = 3  # how far chance may take the share above the limit

Pipeline = Sequence[dict | Callable]


class ImageDataset(Dataset):
    """A list of images that go through a pipeline.

    A subclass says how many there are (``__len__``) and what is known about
    one before the pipeline (``read``).

    An image that cannot be loaded is logged once with its path, and the next
    index that loads takes its place, so a sample depends on its index alone.
    Too many stop the run with an error that has their paths. Each data worker
    logs and counts for itself and judges by what it has read, so it needs no
    other worker to see that the share is exceeded (`_allowed`).

    Args:
        pipeline: Transforms, or their configs.
        max_broken_share: The part of the images that may be broken, 0 to 1.
            A single broken image is put up with in any dataset, unless the
            share is 0.
    """

    def __init__(self, pipeline: Pipeline = (), max_broken_share: float = 0.01):
        if not 0 <= max_broken_share <= 1:
            raise ValueError(
                f'{type(self).__name__}: max_broken_share={max_broken_share}, '
                'expected a part of the whole, 0 to 1.')
        self.pipeline = build_pipeline(pipeline)
        self.max_broken_share = max_broken_share
        # broken_part -> path and what is wrong
        self._broken: dict[int | str, str] = {}
        self._num_read = 0  # by this process, broken ones among them

    @property
    def metainfo(self) -> dict:
        """What is known about the dataset as a whole, such as ``classes``."""
        return {}

    @property
    def labels(self) -> np.ndarray | None:
        """The class index of each sample, int64 ``[len]``; None without."""
        return None

    def __len__(self) -> int:
        raise NotImplementedError

    def read(self, index: int) -> dict:
        """What the pipeline gets for this index.

        Raises:
            BrokenImageError: The image cannot be read.
        """
        raise NotImplementedError

    def __getitem__(self, index: int) -> dict:
        size = len(self)
        if not 0 <= index < size:
            raise IndexError(
                f'{type(self).__name__}: index {index} of {size} samples')
        for step in range(min(size, MAX_TRIES)):
            candidate = (index + step) % size
            if candidate in self._broken:
                continue
            self._num_read += 1
            try:
                return self.pipeline(self.read(candidate))
            except BrokenImageError as error:
                self._put_up_with(self.broken_part(candidate, error), error)
        raise RuntimeError(
            f'{type(self).__name__}: no image that loads from index {index} '
            f'on, {min(size, MAX_TRIES)} tried:\n{self._broken_list()}')

    def broken_part(self, index: int, error: BrokenImageError) -> int | str:
        """What is known as broken from now on.

        An index is not tried again. A dataset whose samples are not always of
        the same images names the image instead, as text.
        """
        return index

    def _put_up_with(self, part: int | str, error: BrokenImageError) -> None:
        """Note a broken image; too many are an error."""
        if part in self._broken:
            return
        self._broken[part] = str(error)
        # As an error, because the other ranks' logs show nothing less.
        print_log(
            f'{type(self).__name__}: broken image, replaced by the next one '
            f'that loads: {error}',
            logger='current',
            level=logging.ERROR)
        allowed = self._allowed()
        if len(self._broken) > allowed:
            raise RuntimeError(
                f'{type(self).__name__}: {len(self._broken)} broken images '
                f'among {self._num_read} read so far ({len(self)} in all), '
                f'max_broken_share={self.max_broken_share} allows {allowed}. '
                'Mend or remove them, or raise max_broken_share:\n'
                f'{self._broken_list()}') from error

    def _allowed(self) -> int:
        """How many images may have turned out broken by now.

        At most the share of the whole dataset. From ``MIN_READ`` images on
        also the share of what was read, with room for chance: of ``n`` images
        with the share ``p``, ``np`` are broken give or take ``sqrt(np)``.
        """
        if self.max_broken_share == 0:
            return 0
        allowed = self.max_broken_share * len(self)
        if self._num_read >= MIN_READ:
            expected = self.max_broken_share * self._num_read
            allowed = min(allowed, expected + DEVIATIONS * expected**0.5)
        return max(1, int(allowed))

    def _broken_list(self) -> str:
        lines = list(self._broken.values())
        more = len(lines) - MAX_LISTED
        return '\n'.join(lines[:MAX_LISTED] +
                         ([f'... and {more} more'] if more > 0 else []))


def build_pipeline(pipeline: Pipeline) -> Compose:
    """Compose transforms, looking names up in mmgen first."""
    return Compose([
        TRANSFORMS.build(transform) if isinstance(transform, dict) else
        transform for transform in pipeline
    ])


def pack_names(names: Sequence[str]) -> np.ndarray:
    """Names as one array of bytes.

    A list of a million strings is copied into every worker as soon as the
    worker counts references to them; an array stays shared.
    """
    return np.array([os.fsencode(name) for name in names], dtype=bytes)
