"""CIFAR-10 from its pickled batches.

Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny
Images"; https://www.cs.toronto.edu/~kriz/cifar.html.
"""
import os
import tarfile
import tempfile

import numpy as np

from mmgen.datasets.image_dataset import ImageDataset, Pipeline
from mmgen.registry import DATASETS
from mmgen.utils.download import download
from mmgen.utils.file_hash import file_hash
from mmgen.utils.plain_pickle import load_plain_pickle
from mmgen.utils.whole_file import whole_file

CLASSES = ('airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog',
           'horse', 'ship', 'truck')
FOLDER = 'cifar-10-batches-py'
URL = 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz'
ARCHIVE_MD5 = 'c58f30108f718f92721af3b95e74349a'
TRAIN_BATCHES = {
    'data_batch_1': 'c99cafc152244af753f735de768cd75f',
    'data_batch_2': 'd4bba439e000b95fd0a9bffe97cbabec',
    'data_batch_3': '54ebc095f3ab1f0389bbae665268c751',
    'data_batch_4': '634d18415352ddfa80567beed471001a',
    'data_batch_5': '482c414d41f54cd18b22e5b47cb7c3cb',
}
TEST_BATCHES = {'test_batch': '40351d587109b95175f43aff81a1287e'}


@DATASETS.register_module()
class CIFAR10(ImageDataset):
    """60,000 images of 32x32 pixels in ten classes.

    Gives the pipeline ``img`` (uint8 ``[32, 32, 3]``, RGB), ``gt_label`` and
    ``sample_idx``. Models that live in BGR, as those of the published configs
    do, need ``rgb_to_bgr=True`` in their data preprocessor.

    Args:
        data_root: The folder that ``data_prefix`` is relative to.
        data_prefix: The folder that holds ``cifar-10-batches-py``.
        pipeline: Transforms, or their configs.
        test_mode: Take the 10,000 test images, not the 50,000 training ones.
        check_md5: Compare each file with the published one. Without it, one's
            own files of the same form and name are taken, and batches that
            are not there are left out.
        download: Fetch the files (170 MB) where they are missing.
        max_broken_share: The part of the images that may be broken.

    Raises:
        FileNotFoundError: A file is missing.
        RuntimeError: The download failed.
        ValueError: A file is not the published one, or not of its form.
    """

    def __init__(self,
                 data_root: str = '',
                 data_prefix: str = '',
                 pipeline: Pipeline = (),
                 test_mode: bool = False,
                 check_md5: bool = True,
                 download: bool = False,
                 max_broken_share: float = 0.01):
        super().__init__(pipeline, max_broken_share)
        self.test_mode = test_mode
        folder = os.path.join(data_root, data_prefix)
        batches = TEST_BATCHES if test_mode else TRAIN_BATCHES
        paths = {os.path.join(folder, FOLDER, name): md5
                 for name, md5 in batches.items()}
        if download and not all(os.path.isfile(path) for path in paths):
            _fetch(folder)
        if not check_md5:
            paths = {path: None for path in paths if os.path.isfile(path)}
        if not paths:
            raise FileNotFoundError(
                f'CIFAR10: none of {", ".join(batches)} in '
                f'{os.path.join(folder, FOLDER)}.')
        parts = [_read_batch(path, md5) for path, md5 in paths.items()]
        self._images = np.concatenate([images for images, _ in parts])
        self._labels = np.concatenate([labels for _, labels in parts])

    @property
    def metainfo(self) -> dict:
        return dict(classes=CLASSES)

    @property
    def labels(self) -> np.ndarray:
        return self._labels

    def __len__(self) -> int:
        return len(self._images)

    def read(self, index: int) -> dict:
        # A copy, because a transform may write into its image.
        return dict(
            img=self._images[index].copy(),
            gt_label=int(self._labels[index]),
            sample_idx=index)


def _read_batch(path: str, md5: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Images ``[N, 32, 32, 3]`` and labels ``[N]`` of one file."""
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'CIFAR10: {path} is missing. Unpack {URL} there, or set '
            'download=True.')
    if md5 is not None and (found := file_hash(path, 'md5')) != md5:
        raise ValueError(
            f'CIFAR10: {path} has the MD5 {found}, the published file '
            f'{md5}. Fetch it again, or set check_md5=False for a file of '
            'your own.')
    batch = load_plain_pickle(path, encoding='bytes')
    try:
        pixels = np.asarray(batch[b'data'], dtype=np.uint8)
        labels = np.asarray(batch[b'labels'], dtype=np.int64)
        images = pixels.reshape(len(labels), 3, 32, 32)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'CIFAR10: {path} is not a batch of CIFAR-10: expected data '
            f'[N, 3072] and labels [N] ({error}).') from error
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)), labels


def _fetch(folder: str) -> None:
    """Fetch and unpack the published archive into ``folder``."""
    os.makedirs(os.path.join(folder, FOLDER), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        archive = download(
            URL,
            os.path.join(temporary, os.path.basename(URL)),
            checksum=f'md5:{ARCHIVE_MD5}',
            remedy=f'unpack it in {folder}')
        with tarfile.open(archive) as tar:
            for name in (*TRAIN_BATCHES, *TEST_BATCHES):
                with whole_file(os.path.join(folder, FOLDER, name)) as file:
                    file.write(tar.extractfile(f'{FOLDER}/{name}').read())
