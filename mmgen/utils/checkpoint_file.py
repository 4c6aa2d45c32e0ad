"""Reading a checkpoint file without running code of the file.

Files of mmgen hold tensors and plain values only. Those of MMGeneration 1.x
also name a few classes, for which there are stand-ins here.
"""
import collections
import pickle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from mmgen.utils.cache_dir import cache_dir
from mmgen.utils.download import download
from mmgen.utils.plain_pickle import PLAIN_NAMES, PlainUnpickler


def local_checkpoint(filename: str | Path) -> str | Path:
    """``filename``, fetched first if it is an address.

    Raises:
        RuntimeError: The download failed.
    """
    url = str(filename)
    if '://' not in url:
        return filename
    name = Path(urlsplit(url).path).name
    return download(url, cache_dir() / 'checkpoints' / name)


def read_checkpoint(path: str | Path,
                    trust: bool = False,
                    remedy: str = 'pass --trust-checkpoint') -> dict:
    """Read a checkpoint onto the CPU without running code of the file.

    Args:
        path: The file; mmgen's own or one of MMGeneration 1.x.
        trust: Let the file construct any object, which lets it run any code.
        remedy: What a user may do who trusts a file that is refused, for the
            message.

    Returns:
        The checkpoint; weights alone become its ``state_dict``.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file is damaged, is no checkpoint, or needs more
            than tensors and plain values.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'There is no checkpoint {path}.')
    if trust:
        checkpoint = torch.load(path, map_location='cpu', weights_only=False)
    else:
        checkpoint = _read_safely(path, remedy)
    if not isinstance(checkpoint, dict):
        raise RuntimeError(
            f'{path} holds a {type(checkpoint).__name__}, expected a dict of '
            'weights or a checkpoint with a state_dict.')
    if 'state_dict' not in checkpoint:
        checkpoint = dict(state_dict=checkpoint, meta={})
    return checkpoint


def _read_safely(path: Path, remedy: str) -> Any:
    """Tensors and plain values, else the classes of a 1.x checkpoint."""
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError:
        pass
    except Exception as error:  # junk makes the reader fail in any way
        raise RuntimeError(
            f'{path} is damaged or no checkpoint: {error!r}') from error
    try:
        return torch.load(
            path,
            map_location='cpu',
            weights_only=False,
            pickle_module=_OldCheckpointPickle)
    except Exception as error:
        raise RuntimeError(
            f'{path} holds more than tensors and plain values ({error}). '
            'Loading it could run any code. If you trust where it comes '
            f'from, {remedy}.') from error


class _NoHistory:
    """Stands for a loss history of 1.x, which is of no use here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        return None

    def __setstate__(self, state: Any) -> None:
        pass


def _no_method(owner: Any, name: str) -> _NoHistory:
    """A history buffer of 1.x names its methods; nothing else may be asked.

    Raises:
        pickle.UnpicklingError: ``owner`` is something else.
    """
    if owner is not _NoHistory and type(owner) is not _NoHistory:
        raise pickle.UnpicklingError(
            f'it asks for {name} of {getattr(owner, "__name__", owner)!r}')
    return _NoHistory()


class _OldCheckpointUnpickler(PlainUnpickler):
    """Builds what a checkpoint of 1.x needs beside plain values.

    torch itself reads the names of storages. The loss history is replaced by
    nothing.
    """

    names = {
        **PLAIN_NAMES,
        ('collections', 'OrderedDict'): collections.OrderedDict,
        ('builtins', 'set'): set,
        ('__builtin__', 'set'): set,  # the module's name in old pickles
        ('torch', 'Size'): torch.Size,
        ('torch.serialization', '_get_layout'): torch.serialization._get_layout,
        ('torch._utils', '_rebuild_parameter'): torch._utils._rebuild_parameter,
        ('torch._utils', '_rebuild_tensor_v2'): torch._utils._rebuild_tensor_v2,
        ('mmengine.logging.history_buffer', 'HistoryBuffer'): _NoHistory,
        ('builtins', 'getattr'): _no_method,
        ('__builtin__', 'getattr'): _no_method,
    }


class _OldCheckpointPickle:
    """What ``torch.load`` needs of a pickle module, for files of 1.x."""

    Unpickler = _OldCheckpointUnpickler

    @staticmethod
    def load(file: Any, **kwargs: Any) -> Any:
        """As ``pickle.load``."""
        return _OldCheckpointUnpickler(file, **kwargs).load()
