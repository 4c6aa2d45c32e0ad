"""Pickles of objects whose classes are not wanted here.

Tensors and plain containers are built, and a record stands for anything else.
So nothing is imported and no code of the file is run.
"""
import io
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor


class Record:
    """Stands for an object: keeps what it would have been made of.

    Attributes:
        origin: Name of its class or function.
        args: What that would have been called with.
        state: The attributes that it would have been given.
    """

    origin = ''

    def __new__(cls, *args: Any, **kwargs: Any) -> 'Record':
        record = super().__new__(cls)
        record.args = args
        record.state = None
        return record

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        """Content of what is also a dict; not kept."""

    def append(self, value: Any) -> None:
        """Content of what is also a list; not kept."""


def _load_storage(content: bytes) -> Any:
    """How torch keeps a tensor's numbers in an ordinary pickle."""
    return torch.load(
        io.BytesIO(content), map_location='cpu', weights_only=True)


def _rebuild_tensor(storage: Any, offset: int, size: tuple, stride: tuple,
                    *_: Any) -> Tensor:
    """A tensor without its history and hooks."""
    if not torch.is_storage(storage):
        raise pickle.UnpicklingError(
            f'a tensor has a {type(storage).__name__} for its numbers')
    return torch._utils._rebuild_tensor(storage, offset, size, stride)


def _data_of_parameter(data: Tensor, *_: Any) -> Tensor:
    return data


class InertUnpickler(pickle.Unpickler):
    """Knows tensors and ordered dicts; the rest become records."""

    names = {
        ('collections', 'OrderedDict'): dict,
        ('torch.storage', '_load_from_bytes'): _load_storage,
        ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
        ('torch._utils', '_rebuild_parameter'): _data_of_parameter,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self.names:
            return self.names[module, name]
        return type('Record', (Record, ), dict(origin=f'{module}.{name}'))


class InertPickle:
    """What ``torch.load`` needs of a pickle module."""

    Unpickler = InertUnpickler

    @staticmethod
    def load(file: BinaryIO, **kwargs: Any) -> Any:
        """As ``pickle.load``."""
        return InertUnpickler(file, **kwargs).load()


def load_inert_pickle(path: str | Path) -> Any:
    """Read a pickle; bytes that Python 2 wrote are text of Latin-1.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: It is damaged, no pickle, or needs more than records.
    """
    return _read(path, partial(InertPickle.load, encoding='latin1'))


def load_inert_checkpoint(path: str | Path) -> Any:
    """Read a file that ``torch.save`` wrote.

    Without objects it is read as torch does it for weights alone. That also
    refuses TorchScript, which has code to run while it is read.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: It is damaged, another file, or needs more than records.
    """
    return _read(path, _load_checkpoint)


def _load_checkpoint(file: BinaryIO) -> Any:
    try:
        return torch.load(file, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError:
        file.seek(0)
        return torch.load(file, map_location='cpu', weights_only=False,
                          pickle_module=InertPickle)


def _read(path: str | Path, load: Callable[[BinaryIO], Any]) -> Any:
    if not Path(path).is_file():
        raise FileNotFoundError(f'There is no checkpoint {path}.')
    with open(path, 'rb') as file:
        try:
            return load(file)
        except Exception as error:  # junk makes the reader fail in any way
            raise RuntimeError(
                f'{path} is damaged or no checkpoint: {error!r}') from error
