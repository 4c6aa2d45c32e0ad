"""Seeds that depend on several numbers, and global random states."""
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def mix_seed(*numbers: int) -> int:
    """One seed of 64 bits out of several numbers from 0 on.

    Neighbouring numbers give unrelated seeds, and so do ``(a, b)`` and
    ``(a, b, 0)``.

    Source: :class:`numpy.random.SeedSequence`.
    """
    # numpy fills up with zeros, so how many there are takes part as well.
    sequence = np.random.SeedSequence((len(numbers), *numbers))
    return int(sequence.generate_state(1, np.uint64)[0])


def seed_everything(*numbers: int, accelerators: bool = True) -> None:
    """Seed Python, numpy and torch out of several numbers.

    Args:
        numbers: Whole numbers from 0 on.
        accelerators: Seed torch on each kind of device, which takes hundreds
            of microseconds; else on the CPU alone, which takes one.
    """
    seed = mix_seed(*numbers)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if accelerators:
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


@contextmanager
def unchanged_random_state() -> Iterator[None]:
    """Leave the random states of Python, numpy and torch as found.

    torch's are those of the CPU and, once CUDA is in use, of the current
    CUDA device.
    """
    devices = [torch.cuda.current_device()] \
        if torch.cuda.is_initialized() else []
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
