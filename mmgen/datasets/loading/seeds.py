"""Seeds that depend on several numbers, and global random states."""
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def mix_seed(*numbers: int) -> int:
    """One seed of 64 bits out of several numbers from 0 on.

    Neighbouring numbers give unrelated seeds.

    Source: :class:`numpy.random.SeedSequence`.
    """
    sequence = np.random.SeedSequence(numbers)
    return int(sequence.generate_state(1, np.uint64)[0])


def seed_everything(*numbers: int) -> None:
    """Seed Python, numpy and torch on the CPU out of several numbers."""
    seed = mix_seed(*numbers)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    # torch.manual_seed asks each kind of accelerator as well, which takes
    # 125 us; the transforms draw on the CPU.
    torch.default_generator.manual_seed(seed)


@contextmanager
def unchanged_random_state() -> Iterator[None]:
    """Leave Python's, numpy's and torch's CPU random states as found."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
