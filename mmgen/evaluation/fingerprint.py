"""Objects as plain data, so that they can be compared and hashed.

What determines a number (a dataset with its pipeline, sampling settings, a
feature network) is described by everything that its objects hold: a setting
that nobody thought of then changes the name too.
"""
import functools
import hashlib
import json
import logging
import os
import random
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset

from mmgen.datasets.image_dataset import ImageDataset

# Held by objects without determining what they compute.
IGNORED_TYPES = (logging.Logger, types.ModuleType, torch.device,
                 torch.Generator, np.random.Generator, np.random.RandomState,
                 random.Random)
IGNORED_NAMES = ('training', )


def describe(value: Any, files: bool = False) -> Any:
    """``value`` as numbers, strings, lists and dicts.

    Arrays and tensors become hashes of their content, other objects their
    type and attributes.

    Args:
        value: Anything.
        files: Put size and time of change beside each string that is the
            path of a file, and look up the files of MMEngine datasets.

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
    path = os.path.join(text, 'data.mdb')  # an LMDB store is a folder
    for candidate in (path, text):
        try:
            stat = os.stat(candidate)
        except (OSError, ValueError):
            continue
        if os.path.isfile(candidate):
            return [text, stat.st_size, stat.st_mtime_ns]
    return text


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
    if isinstance(value, functools.partial):
        return [_describe(item, files, parents)
                for item in (value.func, value.args, value.keywords)]
    if callable(value) and hasattr(value, '__qualname__'):
        return f'{value.__module__}.{value.__qualname__}'
    found = dict(type=f'{type(value).__module__}.{type(value).__qualname__}')
    # What is pickled is what defines an object: handles are left out.
    state = value.__getstate__() if hasattr(value, '__getstate__') \
        else getattr(value, '__dict__', None)
    found['state'] = _describe(state, files, parents)
    if files:
        found['files'] = [_describe_text(path, files)
                          for path in _image_paths(value)]
    return found


def _image_paths(dataset: Any) -> Iterator[str]:
    """Paths of a dataset's images that are files of their own."""
    if isinstance(dataset, ImageDataset):
        for index in range(len(dataset)):
            sample = dataset.read(index)
            if 'img_bytes' in sample or 'img_path' not in sample:
                return  # an archive, whose own path is described
            yield sample['img_path']
    elif isinstance(dataset, BaseDataset):
        for index in range(len(dataset)):
            values = dataset.get_data_info(index).values()
            yield from (item for item in values if isinstance(item, str))
