"""The images of one folder, by their number."""
import os

from mmgen.datasets.image_dataset import pack_names
from mmgen.datasets.sources import (IMAGE_EXTENSIONS, merge_backend_args,
                                    open_source)


class ImageList:
    """All images in a folder, a zip file or an LMDB, in sorted order.

    Args:
        owner: The dataset that has them, for the messages.
        folder: Where they lie.
        io_backend: The name of a file backend; None for local files.

    Raises:
        FileNotFoundError: Nothing lies there.
        ValueError: There is no image.
    """

    def __init__(self, owner: str, folder: str, io_backend: str | None = None):
        self._source = open_source(folder,
                                   merge_backend_args(io_backend, None))
        try:
            names = self._source.names()
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{owner}: {error}. It is named by data_root and the use of '
                'its images, training or testing; see docs/datasets.md.'
            ) from error
        if not names:
            raise ValueError(f'{owner}: no image in {folder}; looked for '
                             f'{", ".join(IMAGE_EXTENSIONS)} at any depth.')
        self._names = pack_names(names)

    def __len__(self) -> int:
        return len(self._names)

    def results(self, index: int, key: str) -> dict:
        """``{key}_path`` of an image and, from an archive, ``{key}_bytes``.

        Raises:
            BrokenImageError: Its bytes cannot be read.
        """
        results = self._source.results(os.fsdecode(self._names[index]))
        return {entry.replace('img', key, 1): value
                for entry, value in results.items()}
