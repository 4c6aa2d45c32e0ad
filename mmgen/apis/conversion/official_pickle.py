"""The files of the StyleGAN authors' PyTorch projects: ``network.pkl``.

A dict with the networks ``G``, ``D`` and ``G_ema``, each a pickled module that
brings its source code along. The code stays unread: of a module only the
numbers are taken, under the names that its state dict would have.
"""
from pathlib import Path
from typing import Any

from torch import Tensor

from mmgen.utils.inert_pickle import load_inert_pickle

NETWORKS = dict(G='generator', G_ema='generator_ema', D='discriminator')

# What such a module is pickled through: a function of a dict with the source
# code and, under `state`, the module's attributes.
PERSISTENT = 'torch_utils.persistence._reconstruct_persistent_obj'


def read_networks(path: str | Path) -> dict[str, dict[str, Tensor]]:
    """Our names of the networks in a file to their state dicts.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file is damaged.
        ValueError: It holds no such networks.
    """
    return networks_in(load_inert_pickle(path), path)


def networks_in(content: Any, path: str | Path) -> dict[str, dict[str, Tensor]]:
    """The same of the content of a file.

    Raises:
        ValueError: It holds no such networks.
    """
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, expected a dict with '
            f'{", ".join(NETWORKS)}. A tuple of TensorFlow networks is a file '
            'of stylegan2-tensorflow.')
    networks = {
        ours: state_dict(content[name], f'{path}: {name}')
        for name, ours in NETWORKS.items() if content.get(name) is not None
    }
    if not networks:
        raise ValueError(
            f'{path} has none of {", ".join(NETWORKS)}, only '
            f'{", ".join(map(str, content)) or "nothing"}.')
    return networks


def state_dict(module: Any, owner: str, prefix: str = '') -> dict[str, Tensor]:
    """The entries of a module and of those in it.

    Raises:
        ValueError: There is something else in the place of a module.
    """
    attributes = attributes_of(module, owner)
    entries = {}
    for kind in ('_parameters', '_buffers'):
        for name, value in attributes[kind].items():
            if isinstance(value, Tensor):
                entries[f'{prefix}{name}'] = value
            elif value is not None:
                raise ValueError(
                    f'{owner}: {prefix}{name} is a {type(value).__name__}, '
                    'expected a tensor.')
    for name, child in attributes['_modules'].items():
        if child is not None:
            entries |= state_dict(child, owner, f'{prefix}{name}.')
    return entries


def attributes_of(module: Any, owner: str) -> dict:
    """The attributes of a module, of which a record has been made."""
    attributes = getattr(module, 'state', None)
    if getattr(module, 'origin', None) == PERSISTENT:
        meta = module.args[0]
        attributes = meta.get('state') if isinstance(meta, dict) else None
    if not isinstance(attributes, dict) or not all(
            isinstance(attributes.get(kind), dict)
            for kind in ('_parameters', '_buffers', '_modules')):
        what = getattr(module, 'origin', type(module).__name__)
        raise ValueError(
            f'{owner} is or has a {what}, expected a module with parameters, '
            'buffers and modules.')
    return attributes
