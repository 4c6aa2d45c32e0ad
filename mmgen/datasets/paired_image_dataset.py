"""Pairs of images, the two of a pair side by side in one file."""
import os

from mmgen.datasets.image_dataset import ImageDataset, Pipeline
from mmgen.datasets.image_list import ImageList
from mmgen.registry import DATASETS


@DATASETS.register_module()
class PairedImageDataset(ImageDataset):
    """All pairs in ``data_root/train``, or in ``data_root/testdir``.

    Gives the pipeline ``pair_path`` and ``sample_idx``; from an archive also
    ``pair_bytes``. `LoadPairedImageFromFile` cuts the file in two.

    Args:
        data_root: The folder with the folders of pairs.
        pipeline: Transforms, or their configs.
        io_backend: The name of a file backend; None for local files.
        test_mode: Take the pairs for testing, not those for training.
        testdir: The folder of those for testing.
        max_broken_share: The part of the pairs that may be broken.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It has no image, or ``data_root`` is not set.
    """

    def __init__(self,
                 data_root: str,
                 pipeline: Pipeline,
                 io_backend: str | None = None,
                 test_mode: bool = False,
                 testdir: str = 'test',
                 max_broken_share: float = 0.01):
        super().__init__(pipeline, max_broken_share)
        if data_root is None:  # as the base configs have it
            raise ValueError(
                'PairedImageDataset: data_root is None. Set data_root of each '
                f'dataloader to the folder that has train and {testdir}.')
        self.data_root = os.fspath(data_root)
        self.test_mode = test_mode
        folder = testdir if test_mode else 'train'
        self._pairs = ImageList('PairedImageDataset',
                                os.path.join(self.data_root, folder),
                                io_backend)

    def __len__(self) -> int:
        return len(self._pairs)

    def read(self, index: int) -> dict:
        return dict(self._pairs.results(index, 'pair'), sample_idx=index)
