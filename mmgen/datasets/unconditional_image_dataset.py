"""Images without labels."""
import os

from mmengine import fileio

from mmgen.datasets.image_dataset import ImageDataset, Pipeline, pack_names
from mmgen.datasets.sources import (IMAGE_EXTENSIONS, merge_backend_args,
                                    open_source)
from mmgen.registry import DATASETS


@DATASETS.register_module()
class UnconditionalImageDataset(ImageDataset):
    """All images in a folder tree, a zip file or an LMDB.

    Gives the pipeline ``img_path`` and ``sample_idx``; from an archive also
    ``img_bytes``, the image file itself. The order is that of the sorted
    names, whatever the file system.

    Args:
        data_root: A folder (searched at any depth) or a ``.zip`` file; for an
            LMDB, its path where ``backend_args`` has no ``db_path``.
        pipeline: Transforms, or their configs.
        io_backend: The name of a file backend, as ``backend_args['backend']``.
        file_list: A text file with one name per line, relative to
            ``data_root``: only these are taken, in this order.
        test_mode: Whether the images are for testing; kept as an attribute.
        backend_args: Where the images lie if not on a local disk:
            ``dict(backend='lmdb', db_path=...)``, or arguments of another of
            MMEngine's file backends.
        max_broken_share: The part of the images that may be broken.

    Raises:
        FileNotFoundError: Nothing lies at ``data_root``.
        ValueError: There is no image, or ``data_root`` is not set.
    """

    def __init__(self,
                 data_root: str,
                 pipeline: Pipeline,
                 io_backend: str | None = None,
                 file_list: str | None = None,
                 test_mode: bool = False,
                 backend_args: dict | None = None,
                 max_broken_share: float = 0.01):
        super().__init__(pipeline, max_broken_share)
        if data_root is None:  # as the base configs have it
            raise ValueError(
                'UnconditionalImageDataset: data_root is None. Set '
                'data_root of each dataloader to the folder of images.')
        self.data_root = os.fspath(data_root)
        self.test_mode = test_mode
        self._source = open_source(
            self.data_root, merge_backend_args(io_backend, backend_args))
        if file_list is not None:
            names = [name for name in fileio.list_from_file(file_list) if name]
        else:
            names = self._source.names()
        if not names:
            raise ValueError(
                f'UnconditionalImageDataset: no image in '
                f'{file_list or self.data_root}; looked for '
                f'{", ".join(IMAGE_EXTENSIONS)} at any depth.')
        self._names = pack_names(names)

    def __len__(self) -> int:
        return len(self._names)

    def read(self, index: int) -> dict:
        name = os.fsdecode(self._names[index])
        return dict(self._source.results(name), sample_idx=index)
