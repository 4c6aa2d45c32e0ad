"""Images of two domains that have nothing to do with each other."""
import os

import numpy as np

from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.datasets.image_dataset import ImageDataset, Pipeline
from mmgen.datasets.image_list import ImageList
from mmgen.registry import DATASETS


@DATASETS.register_module()
class UnpairedImageDataset(ImageDataset):
    """One image of each of two domains, A in order and B at random.

    There are as many samples as the larger domain has images; the smaller one
    begins anew. In training the image of B is drawn, from numpy's generator,
    so that the two of a sample differ from epoch to epoch; in testing both
    come in order. Gives the pipeline ``img_{domain}_path`` of both domains
    and ``sample_idx``; from an archive also ``img_{domain}_bytes``.

    A sample with a broken image is replaced by the next one, which has another
    image of B as well.

    Args:
        data_root: The folder with the folders ``trainA``, ``trainB``,
            ``testA`` and ``testB``, of which two are read.
        pipeline: Transforms, or their configs.
        io_backend: The name of a file backend; None for local files.
        test_mode: Take the images for testing, not those for training.
        domain_a: What A is called in the results.
        domain_b: What B is called in the results.
        max_broken_share: How many images may be broken, as a part of the
            number of samples.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: A folder has no image, ``data_root`` is not set, or the
            domains have no names of their own.

    Source: Zhu et al. 2017, arXiv:1703.10593.
    """

    def __init__(self,
                 data_root: str,
                 pipeline: Pipeline,
                 io_backend: str | None = None,
                 test_mode: bool = False,
                 domain_a: str | None = None,
                 domain_b: str | None = None,
                 max_broken_share: float = 0.01):
        super().__init__(pipeline, max_broken_share)
        if data_root is None:  # as the base configs have it
            raise ValueError(
                'UnpairedImageDataset: data_root is None. Set data_root of '
                'each dataloader to the folder that has trainA and trainB.')
        if not domain_a or not domain_b or domain_a == domain_b:
            raise ValueError(
                f'UnpairedImageDataset: domain_a={domain_a!r} and '
                f'domain_b={domain_b!r}, expected two different names. Set '
                "them to the model's domains.")
        self.data_root = os.fspath(data_root)
        self.test_mode = test_mode
        self.domain_a = domain_a
        self.domain_b = domain_b
        part = 'test' if test_mode else 'train'
        self._a, self._b = (
            ImageList('UnpairedImageDataset',
                      os.path.join(self.data_root, part + side), io_backend)
            for side in 'AB')

    def __len__(self) -> int:
        return max(len(self._a), len(self._b))

    def read(self, index: int) -> dict:
        index_b = index if self.test_mode else np.random.randint(len(self._b))
        return dict(
            self._a.results(index % len(self._a), f'img_{self.domain_a}'),
            **self._b.results(index_b % len(self._b), f'img_{self.domain_b}'),
            sample_idx=index)

    def broken_part(self, index: int, error: BrokenImageError) -> str:
        # Either image may be the broken one, and what comes at this index
        # next time has another partner: the message names the file.
        return str(error)
