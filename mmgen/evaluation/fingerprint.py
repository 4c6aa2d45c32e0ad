"""Objects as plain data, so that they can be compared and hashed.

What determines a number (a dataset with its pipeline, sampling settings, a
feature network) is described by everything that its objects hold: a setting
that nobody thought of then changes the name too.
"""
import hashlib
import json
import logging
import os
import random
import stat
import types
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch.utils.data import Dataset

from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.datasets.image_dataset import ImageDataset

# Held by objects without determining what they compute.
IGNORED_TYPES = (logging.Logger, types.ModuleType, torch.device,
                 torch.Generator, np.random.Generator, np.random.RandomState,
                 random.Random)
IGNORED_NAMES = ('training', )

REQUESTS_AT_ONCE = 16  # to the file system
FILES_PER_PART = 1000


def describe(value: Any, files: bool = False) -> Any:
    """``value`` as numbers, strings, lists and dicts.

    Arrays and tensors become hashes of their content, other objects their
    type and attributes.

    Args:
        value: Anything.
        files: Put size and time of change beside each string that is the
            path of a file, and look up the image files of datasets.

    Returns:
        What ``json.dumps`` accepts.
    """
    return _describe(value, files, ())


def fingerprint(value: Any, files: bool = False) -> str:
    """SHA-256 of ``describe(value, files)``, in hexadecimal digits."""
    text = json.dumps(describe(value, files), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(value: Any, files: bool, parents: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, Path)):
        return _describe_text(str(value), files)
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic, bytes)):
        return _describe_array(value)
    if isinstance(value, IGNORED_TYPES):
        return type(value).__name__
    if id(value) in parents:
        return 'seen above'
    parents = (*parents, id(value))
    if isinstance(value, dict):
        return {str(key): _describe(item, files, parents)
                for key, item in value.items() if key not in IGNORED_NAMES}
    if isinstance(value, (list, tuple)):
        return [_describe(item, files, parents) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    return _describe_object(value, files, parents)


def _describe_text(text: str, files: bool) -> Any:
    if not files or not text:
        return text
    try:
        found = os.stat(text)
        if stat.S_ISDIR(found.st_mode):  # perhaps an LMDB
            found = os.stat(os.path.join(text, 'data.mdb'))
    except (OSError, ValueError):
        return text
    if not stat.S_ISREG(found.st_mode):
        return text
    return [text, found.st_size, found.st_mtime_ns]


def _describe_array(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == torch.bfloat16 else value
        value = value.numpy()
    if isinstance(value, bytes):
        value = np.frombuffer(value, dtype=np.uint8)
    value = np.ascontiguousarray(value)
    head = f'{value.dtype} {value.shape} '.encode()
    data = repr(value.tolist()).encode() if value.dtype.hasobject \
        else value.tobytes()
    return hashlib.sha256(head + data).hexdigest()


def _describe_object(value: Any, files: bool, parents: tuple) -> Any:
    if isinstance(value, partial):
        return [_describe(item, files, parents)
                for item in (value.func, value.args, value.keywords)]
    if callable(value) and hasattr(value, '__qualname__'):
        return f'{value.__module__}.{value.__qualname__}'
    found = dict(type=f'{type(value).__module__}.{type(value).__qualname__}')
    # What is pickled is what defines an object: handles are left out.
    state = value.__getstate__() if hasattr(value, '__getstate__') \
        else getattr(value, '__dict__', None)
    found['state'] = _describe(state, files, parents)
    if files and isinstance(value, (ImageDataset, BaseDataset)):
        found['files'] = _image_files(value)
    return found


def _image_files(dataset: Dataset) -> list[str]:
    """Hashes over size and time of a dataset's files, a part at a time.

    One request for each file. On a network file system each waits for the
    server, so many are under way at once.
    """
    parts = [range(start, min(start + FILES_PER_PART, len(dataset)))
             for start in range(0, len(dataset), FILES_PER_PART)]
    if not parts or not any(_paths(dataset, 0)):
        return []
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        return list(pool.map(partial(_hash_of_part, dataset), parts))


def _hash_of_part(dataset: Dataset, indices: range) -> str:
    lines = [str(_describe_text(path, files=True))
             for index in indices for path in _paths(dataset, index)]
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def _paths(dataset: Dataset, index: int) -> list[str]:
    """Files of a sample; none where images lie in an archive, whose own path
    is described."""
    if isinstance(dataset, BaseDataset):
        return [item for item in dataset.get_data_info(index).values()
                if isinstance(item, str)]
    try:
        sample = dataset.read(index)
    except BrokenImageError:
        return []  # only an archive is opened so early
    inside = 'img_bytes' in sample or 'img_path' not in sample
    return [] if inside else [sample['img_path']]
