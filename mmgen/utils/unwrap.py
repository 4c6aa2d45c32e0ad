"""The model itself under whatever wraps it."""
from mmengine.model import is_model_wrapper
from torch import nn


def unwrap(module: nn.Module) -> nn.Module:
    """The bare module inside any number of distributed wrappers."""
    while is_model_wrapper(module):
        module = module.module
    return module
