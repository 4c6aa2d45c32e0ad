"""Activations from config dicts."""
from torch import nn

from mmgen.registry import MODELS

ACTIVATIONS = {
    'ReLU': nn.ReLU,
    'LeakyReLU': nn.LeakyReLU,
    'PReLU': nn.PReLU,
    'ELU': nn.ELU,
    'GELU': nn.GELU,
    'SiLU': nn.SiLU,
    'Sigmoid': nn.Sigmoid,
    'Tanh': nn.Tanh,
}

MODELS.register_module('SiLU', module=nn.SiLU)  # a name of 1.x

_CAN_BE_INPLACE = ('ReLU', 'LeakyReLU', 'ELU', 'SiLU')


def make_activation(cfg: dict, *, inplace: bool | None = None) -> nn.Module:
    """An activation.

    Args:
        cfg: ``type``, one of `ACTIVATIONS` or a registered name, and the
            keywords of that class.
        inplace: Overrides ``cfg['inplace']`` where the class has it.

    Raises:
        ValueError: An unknown type.
    """
    settings = dict(cfg)
    name = settings.pop('type')
    if inplace is not None and name in _CAN_BE_INPLACE:
        settings['inplace'] = inplace
    activation = ACTIVATIONS.get(name) or MODELS.get(name)
    if activation is None:
        raise ValueError(
            f'make_activation: type={name!r} is no activation; known: '
            f'{", ".join(ACTIVATIONS)}, and what is registered in MODELS.')
    return activation(**settings)
