"""The files of the StyleGAN authors' TensorFlow projects, such as ``ffhq.pkl``.

A tuple of the networks ``G``, ``D`` and ``Gs``, which is the average of ``G``.
Each is a pickled object with its settings, its variables and the source code
that builds it; the parts of a network are networks in it. The code stays
unread, and of a variable the bytes are taken, not what numpy would make.
"""
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmgen.utils.inert_pickle import Record

# In the order of the file.
NETWORKS = dict(G='generator', D='discriminator', Gs='generator_ema')

NETWORK = 'dnnlib.tflib.network.Network'

# What numpy pickles arrays, and arrays without axes, through. The module was
# renamed in numpy 2.
ARRAY = tuple(f'numpy.{core}.multiarray._reconstruct'
              for core in ('core', '_core'))
SCALAR = tuple(f'numpy.{core}.multiarray.scalar' for core in ('core', '_core'))


@dataclass(frozen=True)
class TensorFlowNetwork:
    """What is known of a network.

    Args:
        built_by: Name of the function that builds it.
        settings: What that is called with; records stand for objects.
        variables: ``part/layer/name`` to numbers, as they are in the file.
    """

    built_by: str
    settings: dict
    variables: dict[str, Tensor]


def holds_networks(content: Any) -> bool:
    """Whether the content of a pickle is such a tuple."""
    return (isinstance(content, tuple) and len(content) == len(NETWORKS)
            and all(origin_of(network) == NETWORK for network in content))


def networks_in(content: tuple,
                path: str | Path) -> dict[str, TensorFlowNetwork]:
    """Our names of the networks to what is known of them.

    Raises:
        ValueError: There is something else in the place of a network, its
            settings or a variable.
    """
    networks = {}
    for (name, ours), record in zip(NETWORKS.items(), content):
        owner = f'{path}: {name}'
        state = state_of(record, owner)
        networks[ours] = TensorFlowNetwork(
            str(state.get('build_func_name')), state['static_kwargs'],
            variables_of(record, owner))
    return networks


def origin_of(value: Any) -> str | None:
    """What a value is a record of; None if it is something else."""
    return value.origin if isinstance(value, Record) else None


def state_of(network: Any, owner: str) -> dict:
    """The attributes of a network, of which a record has been made."""
    state = network.state if origin_of(network) == NETWORK else None
    if not isinstance(state, dict) or not all(
            isinstance(state.get(name), kind)
            for name, kind in (('static_kwargs', dict), ('components', dict),
                               ('variables', list))):
        raise ValueError(
            f'{owner} is or has a '
            f'{origin_of(network) or type(network).__name__}, expected a '
            'network with static_kwargs, components and variables.')
    return state


def variables_of(network: Any, owner: str,
                 prefix: str = '') -> dict[str, Tensor]:
    """The variables of a network and of its parts."""
    state = state_of(network, owner)
    variables = {}
    for entry in state['variables']:
        if not isinstance(entry, tuple) or len(entry) != 2 \
                or not isinstance(entry[0], str):
            raise ValueError(f'{owner}: a variable of {prefix or "it"} is '
                             'no pair of a name and numbers.')
        name, value = f'{prefix}{entry[0]}', entry[1]
        variables[name] = numbers(value, f'{owner}: {name}')
    for name, part in state['components'].items():
        variables |= variables_of(part, owner, f'{prefix}{name}/')
    return variables


def numbers(value: Any, owner: str) -> Tensor:
    """The numbers of an array, of which a record has been made, float32.

    Raises:
        ValueError: It is none, or not of floats.
    """
    try:
        if origin_of(value) in ARRAY:
            _, shape, dtype, by_columns, content = value.state
        elif origin_of(value) in SCALAR:
            (dtype, content), shape, by_columns = value.args, (), False
        else:
            raise TypeError(
                f'it is a {origin_of(value) or type(value).__name__}')
        array = np.frombuffer(raw_bytes(content), float_type(dtype))
        array = array.reshape(shape, order='F' if by_columns else 'C')
    except (TypeError, ValueError, LookupError) as error:
        raise ValueError(
            f'{owner} is no array of floats: {error}.') from error
    return torch.from_numpy(array.astype(np.float32))


def float_type(dtype: Any) -> np.dtype:
    """The type of the numbers in an array."""
    if origin_of(dtype) != 'numpy.dtype' \
            or dtype.args[0] not in ('f2', 'f4', 'f8'):
        name = dtype.args[:1] if origin_of(dtype) else dtype
        raise TypeError(f'its type is {name}')
    return np.dtype(dtype.args[0]).newbyteorder(dtype.state[1])


def raw_bytes(content: Any) -> bytes:
    """Bytes, which old pickles have as text of Latin-1."""
    if origin_of(content) == '_codecs.encode':
        content = content.args[0]
    return content.encode('latin1') if isinstance(content, str) else content
