"""In which floating-point type a network computes."""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


@contextmanager
def without_tf32() -> Iterator[None]:
    """Inside, float32 convolutions and products are float32 on CUDA, too.

    There torch lets convolutions round their input to 10 bits of mantissa,
    1e-3, by default: more than the difference of two images that are compared
    below a level.
    """
    backends: list[Any] = [torch.backends.cudnn, torch.backends.cuda.matmul]
    before = [backend.allow_tf32 for backend in backends]
    try:
        for backend in backends:
            backend.allow_tf32 = False
        yield
    finally:
        for backend, allowed in zip(backends, before):
            backend.allow_tf32 = allowed
