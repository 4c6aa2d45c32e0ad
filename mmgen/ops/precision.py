"""In which floating-point type a network computes."""
import torch
from torch import Tensor


def full_precision(x: Tensor) -> Tensor:
    """``x`` in float32 or better."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def autocast_dtype(x: Tensor) -> torch.dtype:
    """What autocast asks for around this call, or else the type of ``x``."""
    device = x.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return x.dtype


def explicit_precision(x: Tensor) -> torch.autocast:
    """Around code that computes in the types of its tensors, whatever
    autocast asks for on the device of ``x``."""
    return torch.autocast(x.device.type, enabled=False)
