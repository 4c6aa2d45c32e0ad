"""Weights for one network from a checkpoint file."""
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import nn


def load_pretrained(network: nn.Module,
                    pretrained: str | dict | None) -> None:
    """Give ``network`` the weights of a checkpoint.

    The file may hold a state dict, or a checkpoint with one under
    ``state_dict``. Only tensors and plain values are read from it.

    Args:
        network: Changed in place.
        pretrained: A path or address; or a dict with ``ckpt_path``,
            ``prefix`` (what the keys of this network begin with in the file,
            for instance ``'generator'``), ``map_location`` and ``strict``;
            or None to do nothing.

    Raises:
        ValueError: The file has other things than weights in it, or no keys
            with that prefix.
        RuntimeError: The entries are not those of the network.
    """
    if pretrained is None:
        return
    if isinstance(pretrained, (str, Path)):
        pretrained = dict(ckpt_path=pretrained)
    path = str(pretrained['ckpt_path'])
    location = pretrained.get('map_location', 'cpu')
    state = _read(path, location)
    state = state.get('state_dict', state)
    if pretrained.get('prefix'):
        prefix = pretrained['prefix'].rstrip('.') + '.'
        found = sorted({key.split('.')[0] for key in state})
        state = {
            key.removeprefix(prefix): value
            for key, value in state.items() if key.startswith(prefix)
        }
        if not state:
            raise ValueError(
                f'{type(network).__name__}: {path} has no entry that begins '
                f'with {prefix!r}, only with {", ".join(found)}. Set prefix '
                'to one of these.')
    network.load_state_dict(state, strict=pretrained.get('strict', True))


def _read(path: str, map_location: str) -> dict:
    """The content of a local file or of one behind an address."""
    try:
        if path.startswith(('http://', 'https://')):
            return torch.hub.load_state_dict_from_url(
                path, map_location=map_location, weights_only=True)
        return torch.load(path, map_location=map_location, weights_only=True)
    except UnpicklingError as error:
        raise ValueError(
            f'pretrained={path}: this file holds more than weights, and '
            'reading it could run code. If you trust it, load it with '
            'torch.load(path, weights_only=False) and save its state_dict '
            'alone.') from error
