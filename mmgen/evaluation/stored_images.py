"""Images that lie on a disk, in the place of a model and its data."""
import os
from pathlib import Path

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mmgen.datasets.image_dataset import ImageDataset
from mmgen.datasets.loading import stack_collate
from mmgen.datasets.npz_image_dataset import IMAGES, NpzImageDataset
from mmgen.datasets.unconditional_image_dataset import \
    UnconditionalImageDataset
from mmgen.evaluation.features.statistics import KNOWN_KEYS
from mmgen.evaluation.metrics.base import whole_number
from mmgen.structures import GenDataSample

RESIZE = dict(type='Resize', backend='pillow', interpolation='bicubic')


def open_images(path: str | os.PathLike,
                resize: int | None = None) -> ImageDataset:
    """The images of a folder, a ``.zip`` or an ``.npz`` file.

    A broken one is an error, for another in its place would change a number.

    Args:
        path: The folder, searched at any depth, or the file.
        resize: Side in pixels to which each image is brought, with Pillow's
            bicubic filter, which widens when it shrinks.

    Returns:
        Dataset of uint8 RGB images.

    Raises:
        FileNotFoundError: There is nothing at ``path``.
        ValueError: It holds no images, or less than two.
    """
    path = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(
            f'{path}: no such folder or file. Give a folder of images, a .zip '
            'of images or an .npz with their pixels.')
    suffix = Path(path).suffix.lower()
    if os.path.isfile(path) and suffix not in ('.zip', '.npz'):
        raise ValueError(f'{path}: expected a folder of images, a .zip of '
                         'images or an .npz with their pixels.')
    pipeline = [dict(type='PackGenInputs', keys=['img'])]
    if resize is not None:
        whole_number('open_images', 'resize', resize, least=1)
        pipeline.insert(0, dict(RESIZE, scale=resize))
    if suffix == '.npz' and os.path.isfile(path):
        dataset = NpzImageDataset(path, pipeline)
    else:
        load = dict(type='LoadImageFromFile', key='img', channel_order='rgb')
        dataset = UnconditionalImageDataset(
            path, [load, *pipeline], max_broken_share=0)
    if len(dataset) < 2:
        raise ValueError(f'{path}: {len(dataset)} image, expected at least 2.')
    return dataset


def holds_statistics(path: str | os.PathLike) -> bool:
    """Whether a file has statistics of images instead of images."""
    suffix = Path(path).suffix.lower()
    if suffix != '.npz' or not os.path.isfile(path):
        return suffix == '.pkl'
    with np.load(path, allow_pickle=False) as content:
        names = set(content.files)
    return IMAGES not in names and any(
        names.issuperset(keys) for keys in KNOWN_KEYS)


def image_loader(dataset: Dataset, batch_size: int,
                 num_workers: int) -> DataLoader:
    """Loader of images; what is read when, evaluation decides itself."""
    return DataLoader(
        dataset,
        batch_size,
        num_workers=num_workers,
        collate_fn=stack_collate)


class StoredPixels(BaseDataPreprocessor):
    """A data preprocessor that leaves pixels as they are.

    Args:
        size: Height and width that each image has to have.
        reason: Where that size comes from, for the message.
    """

    def __init__(self, size: tuple[int, int], reason: str) -> None:
        super().__init__()
        self.size = size
        self.reason = reason

    def forward(self, data: dict, training: bool = False) -> dict:
        """A loader's batch to uint8 RGB images ``[N, 3, H, W]``."""
        images = data['inputs']['img']
        for image, sample in zip(images, data['data_samples']):
            if tuple(image.shape[1:]) != self.size:
                self._refuse(image, sample)
        return dict(inputs=dict(img=self.cast_data(images)))

    def _refuse(self, image: Tensor, sample: GenDataSample) -> None:
        name = sample.get('img_path', f'image {sample.get("sample_idx")}')
        raise ValueError(
            f'{name}: {image.shape[2]}x{image.shape[1]} pixels, expected '
            f'{self.size[1]}x{self.size[0]} ({self.reason}). Make all images '
            'of one size beforehand, or ask for it with resize.')

    def to_uint8_rgb(self, images: Tensor) -> Tensor:
        """They are."""
        return images


class StoredImages(nn.Module):
    """In the place of a model: it has a device and a data preprocessor.

    Args:
        data_preprocessor: What turns batches of the loader into images.
        device: Where to.
    """

    def __init__(self, data_preprocessor: BaseDataPreprocessor,
                 device: str) -> None:
        super().__init__()
        self.data_preprocessor = data_preprocessor.to(device)
        # A model's device is that of its parameters.
        self.place = nn.Parameter(torch.empty(0, device=device), False)
