"""Checkpoint files: tensors and plain values only, written whole or not at all.

A file holds ``state_dict``, ``optimizer``, ``param_schedulers``,
``message_hub`` and ``meta`` as MMEngine's do, so either program reads the
other's. What is not plain is translated on the way (`pack`, `unpack`), which
lets ``torch.load(weights_only=True)`` read it: loading runs no code of the
file.
"""
import collections
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, print_log
from torch import nn

from mmgen.utils.whole_file import whole_file

PLAIN = (str, bytes, int, float, bool, type(None), torch.Tensor)

# ------------------------------------------------------------ plain values


def plain(value: Any) -> Any:
    """``value`` made of tensors, numbers, strings, lists, tuples and dicts.

    Raises:
        TypeError: Something in it has no such form.
    """
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in PLAIN:
        return value
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, (list, set, collections.deque)):
        return [plain(item) for item in value]
    if isinstance(value, (str, os.PathLike)):
        return str(value)
    raise TypeError(f'{type(value).__name__} is not a plain value')


def pack(checkpoint: dict) -> None:
    """Give ``checkpoint`` its plain form, in place."""
    hub = checkpoint['message_hub']
    hub['log_scalars'] = {
        name: dict(
            values=torch.from_numpy(np.array(buffer.data[0])),
            counts=torch.from_numpy(np.array(buffer.data[1])),
            max_length=buffer.max_length)
        for name, buffer in hub['log_scalars'].items()
    }
    hub['runtime_info'] = _plain_entries(hub['runtime_info'])
    for key in checkpoint:
        if key not in ('state_dict', 'message_hub'):
            checkpoint[key] = plain(checkpoint[key])


def _plain_entries(info: dict) -> dict:
    """The entries that have a plain form; the others are named and left."""
    kept = {}
    for key, value in info.items():
        try:
            kept[key] = plain(value)
        except TypeError as error:
            print_log(
                f'Checkpoint: the run-time information "{key}" is not saved: '
                f'{error}.',
                logger='current',
                level=30)
    return kept


def unpack(checkpoint: dict) -> None:
    """Undo `pack`, in place; histories of MMEngine stay as they are."""
    hub = checkpoint.get('message_hub')
    if hub is None:
        return
    histories = {}
    for name, entry in hub['log_scalars'].items():
        if isinstance(entry, dict):
            entry = HistoryBuffer(
                entry['values'].cpu().tolist(),
                entry['counts'].cpu().tolist(),
                max_length=entry['max_length'])
        if isinstance(entry, HistoryBuffer):
            histories[name] = entry
    hub['log_scalars'] = histories


# ----------------------------------------------------------------- writing


def write_checkpoint(checkpoint: dict, path: str | Path) -> None:
    """Write the file, whole or not at all."""
    with whole_file(path) as file:
        torch.save(checkpoint, file)


# ----------------------------------------------------------------- finding


def is_whole(path: str | Path) -> bool:
    """Whether every part of the file is there and has its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


def newest_checkpoint(folder: str | Path,
                      template: str = 'iter_{}.pth') -> str | None:
    """The whole checkpoint with the largest number.

    Args:
        folder: Where the run's checkpoints are.
        template: Their names, with ``{}`` for the number.

    Returns:
        Its path; None if there is none yet.

    Raises:
        RuntimeError: There are checkpoints, but none that is whole, or the
            folder is an address.
    """
    if '://' in str(folder):
        raise RuntimeError(
            f'{folder} cannot be searched for a checkpoint: give its path, '
            '--resume PATH.')
    head, tail = map(re.escape, template.split('{}'))
    numbered = []
    for path in Path(folder).glob('*'):
        match = re.fullmatch(f'{head}(\\d+){tail}', path.name)
        if match:
            numbered.append((int(match[1]), path))
    for _, path in sorted(numbered, reverse=True):
        if is_whole(path):
            return str(path)
        print_log(
            f'{path} is damaged and passed over.', logger='current', level=30)
    if numbered:
        raise RuntimeError(
            f'{folder} has {len(numbered)} damaged checkpoints and no whole '
            'checkpoint is left. Train without --resume, or give another '
            'file, --resume PATH.')
    return None


# ----------------------------------------------------------------- weights


def load_weights(model: nn.Module, state_dict: dict, strict: bool,
                 source: str | Path) -> None:
    """Put ``state_dict`` into ``model``.

    Files that were written by several processes with MMEngine alone name the
    distributed wrapper (``generator.module.``); it is taken out.

    Args:
        model: The bare model.
        state_dict: Names to tensors.
        strict: Refuse any difference of names; else only say what differs.
        source: Where it comes from, for messages.

    Raises:
        RuntimeError: Names differ and ``strict``, no name fits at all, or a
            shape differs.
    """
    known = set(model.state_dict())
    state_dict = {_own_name(key, known): v for key, v in state_dict.items()}
    if not known & set(state_dict):
        raise RuntimeError(
            f'{source}: none of its {len(state_dict)} entries belongs to this '
            f'{type(model).__name__}; it has e.g. '
            f'{sorted(state_dict)[:2]}, expected e.g. {sorted(known)[:2]}. '
            'Give the checkpoint of this model, or its config.')
    try:
        report = model.load_state_dict(state_dict, strict=False)
    except RuntimeError as error:
        raise RuntimeError(
            f'{source} does not fit this {type(model).__name__}. Use the '
            f'config it was trained with. {error}') from error
    different = _describe(report.missing_keys, report.unexpected_keys)
    if not different:
        return
    if strict:
        raise RuntimeError(
            f'{source} cannot be resumed: {different}. Use the config it was '
            'trained with, or load_from to take over only what fits.')
    print_log(f'{source}: {different}.', logger='current', level=30)


def _own_name(key: str, known: set[str]) -> str:
    """The model's name for the entry ``key``."""
    if key in known:
        return key
    for candidate in (key.removeprefix('module.'),
                      key.replace('.module.', '.', 1)):
        if candidate in known:
            return candidate
    return key


def _describe(missing: list[str], unexpected: list[str]) -> str:
    """Both kinds of difference in one phrase."""
    parts = []
    for what, keys in (('the model has, the file lacks', missing),
                       ('the file has, the model lacks', unexpected)):
        if keys:
            more = ' ...' if len(keys) > 4 else ''
            parts.append(f'{what} {len(keys)}: {", ".join(keys[:4])}{more}')
    return '; '.join(parts)
