"""Images with one class label each."""
import os
from collections.abc import Sequence

import numpy as np
from mmengine import fileio

from mmgen.datasets.image_dataset import ImageDataset, Pipeline, pack_names
from mmgen.datasets.sources import (IMAGE_EXTENSIONS, merge_backend_args,
                                    open_source)
from mmgen.registry import DATASETS


@DATASETS.register_module()
class ImageNet(ImageDataset):
    """ImageNet, or any other images that lie in one folder per class.

    Without ``ann_file`` each folder in the images' folder is a class, numbered
    in the order of the sorted names; with it, each line holds a path relative
    to the images' folder and a class index. Gives the pipeline ``img_path``,
    ``gt_label`` and ``sample_idx`` (from a zip file also ``img_bytes``).

    Args:
        data_root: The folder that ``data_prefix`` and ``ann_file`` are
            relative to.
        data_prefix: The images' folder or ``.zip`` file, also as
            ``dict(img_path=...)``.
        ann_file: A text file with lines ``path label``.
        pipeline: Transforms, or their configs.
        test_mode: Whether the images are for testing; kept as an attribute.
        classes: The classes' names in the order of their indices, or a text
            file with one per line. Without it they are the folders' names,
            or the numbers in ``ann_file``.
        extensions: File name endings that make an image, in any case.
        backend_args: Arguments of a file backend; None for local files.
        max_broken_share: The part of the images that may be broken.

    Raises:
        FileNotFoundError: Nothing lies where the images or ``ann_file``
            should be.
        ValueError: There are no images, a folder without any, a line of
            ``ann_file`` that is not ``path label``, or a label for which
            ``classes`` has no name.
    """

    def __init__(self,
                 data_root: str = '',
                 data_prefix: str | dict = '',
                 ann_file: str = '',
                 pipeline: Pipeline = (),
                 test_mode: bool = False,
                 classes: str | Sequence[str] | None = None,
                 extensions: Sequence[str] = IMAGE_EXTENSIONS,
                 backend_args: dict | None = None,
                 max_broken_share: float = 0.01):
        super().__init__(pipeline, max_broken_share)
        if isinstance(data_prefix, dict):
            data_prefix = data_prefix['img_path']
        self.test_mode = test_mode
        self.img_root = os.path.join(data_root, data_prefix)
        self._source = open_source(
            self.img_root, merge_backend_args(None, backend_args))
        if ann_file:
            names, labels, found = _read_annotations(
                os.path.join(data_root, ann_file))
        else:
            names = self._source.names(extensions)
            names, labels, found = _classes_from_folders(names, self.img_root)
        self._names = pack_names(names)
        self._labels = np.array(labels, dtype=np.int64)
        self._classes = _named_classes(classes, found)

    @property
    def metainfo(self) -> dict:
        return dict(classes=self._classes)

    @property
    def labels(self) -> np.ndarray:
        return self._labels

    def __len__(self) -> int:
        return len(self._names)

    def read(self, index: int) -> dict:
        name = os.fsdecode(self._names[index])
        return dict(
            self._source.results(name),
            gt_label=int(self._labels[index]),
            sample_idx=index)


def _read_annotations(file: str) -> tuple[list, list, tuple]:
    """Names, labels and classes in a file of ``path label`` lines."""
    try:
        lines = fileio.list_from_file(file)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'ImageNet: there is no ann_file {file}. It is relative to '
            'data_root; without ann_file each folder is a class.') from error
    names, labels = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        parts = line.rsplit(maxsplit=1)
        if len(parts) != 2 or not parts[1].isdecimal():
            raise ValueError(
                f'ImageNet: line {number} of {file} is {line!r}, expected '
                '"path label", the label a number from 0 on.')
        names.append(parts[0].strip())
        labels.append(int(parts[1]))
    if not names:
        raise ValueError(f'ImageNet: {file} names no image.')
    return names, labels, tuple(str(i) for i in range(max(labels) + 1))


def _classes_from_folders(images: list[str],
                          root: str) -> tuple[list, list, tuple]:
    """Names, labels and classes where each folder in ``root`` is a class."""
    names = [name for name in images if '/' in name]
    if not names:
        raise ValueError(
            f'ImageNet: no image in {root}; expected one folder per class '
            'with images in it, or ann_file with lines "path label".')
    folders = [name.partition('/')[0] for name in names]
    classes = sorted(set(folders))
    if os.path.isdir(root):
        empty = sorted(
            entry.name for entry in os.scandir(root)
            if entry.is_dir() and not entry.name.startswith('.')
            and entry.name not in set(classes))
        if empty:
            raise ValueError(
                f'ImageNet: no image in the class folder '
                f'{", ".join(empty)} of {root}. Left out, it would shift '
                'the other classes; remove it or use ann_file.')
    index = {folder: label for label, folder in enumerate(classes)}
    return names, [index[folder] for folder in folders], tuple(classes)


def _named_classes(classes: str | Sequence[str] | None,
                   found: tuple) -> tuple:
    """The classes' names, checked against the classes that were found."""
    if classes is None:
        return found
    if isinstance(classes, str):
        classes = [name for name in fileio.list_from_file(classes) if name]
    if len(classes) < len(found):
        raise ValueError(
            f'ImageNet: {len(found)} classes were found, but classes names '
            f'{len(classes)}. Name each class.')
    return tuple(classes)
