"""The images of an ``.npz`` file, as sampling programs write them."""
import os
import struct
import zipfile

import numpy as np

from mmgen.datasets.image_dataset import ImageDataset, Pipeline
from mmgen.registry import DATASETS

IMAGES = 'arr_0'  # what numpy calls an array without a name


@DATASETS.register_module()
class NpzImageDataset(ImageDataset):
    """All images of an array, RGB or grey.

    Gives the pipeline ``img``, uint8 ``[H, W, 3]`` in RGB (grey is repeated),
    and ``sample_idx``. Where the file is not compressed, which is how
    ``np.savez`` writes it, images are read from it one by one.

    Args:
        path: A file whose ``arr_0`` is uint8 ``[N, H, W, C]``.
        pipeline: Transforms, or their configs.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no such array.
    """

    def __init__(self, path: str | os.PathLike, pipeline: Pipeline = ()):
        super().__init__(pipeline)
        self.path = os.fspath(path)
        self._images: np.ndarray | None = None
        self._size = len(self.images)

    @property
    def images(self) -> np.ndarray:
        """uint8 ``[N, H, W, C]``, opened on first use in each process."""
        if self._images is None:
            self._images = _open(self.path)
        return self._images

    def __getstate__(self) -> dict:
        return dict(self.__dict__, _images=None)

    def __len__(self) -> int:
        return self._size

    def read(self, index: int) -> dict:
        image = np.array(self.images[index])
        if image.shape[2] == 1:
            image = image.repeat(3, axis=2)
        return dict(img=image, sample_idx=index)


def _open(path: str) -> np.ndarray:
    """The array, mapped where the file holds it as it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix('.npy') for name in archive.namelist()]
            if IMAGES not in names:
                raise ValueError(f'there is no {IMAGES} in it, found '
                                 f'{", ".join(names)}')
            member = archive.getinfo(f'{IMAGES}.npy')
            with archive.open(member) as file:
                shape, columns_first, dtype = _read_header(file)
                header = file.tell()
    except (ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f'{path}: no images to read: {error}. Expected an .npz file with '
            f'{IMAGES}, uint8 [N, H, W, C].') from error
    if dtype != np.uint8 or len(shape) != 4 or shape[3] not in (1, 3) \
            or not all(shape):
        raise ValueError(
            f'{path}: {IMAGES} is {dtype} {list(shape)}, expected uint8 '
            '[N, H, W, C] with one or three channels and at least one image.')
    if member.compress_type != zipfile.ZIP_STORED:
        with np.load(path, allow_pickle=False) as content:
            return content[IMAGES]
    return np.memmap(
        path, dtype, 'r', _start_of_member(path, member) + header, shape,
        order='F' if columns_first else 'C')


def _read_header(file) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type of a ``.npy`` file, read up to its numbers."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _start_of_member(path: str, member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: behind its own header, whose last two
    lengths need not be those of the archive's list."""
    with open(path, 'rb') as file:
        file.seek(member.header_offset + 26)
        name, extra = struct.unpack('<HH', file.read(4))
    return member.header_offset + 30 + name + extra
