import itertools
import random

import numpy as np
import pytest
import torch

from mmgen.utils.randomness import (mix_seed, seed_everything,
                                    unchanged_random_state)


def draw():
    return torch.rand(3).tolist(), np.random.rand(), random.random()


def test_every_number_and_their_count_make_another_seed():
    """In a fixed order: (seed, iteration) is not (iteration, seed)."""
    numbers = [
        *itertools.product(range(4), repeat=2),
        *itertools.product(range(4), repeat=3), (0, ), (1, )
    ]
    assert len({mix_seed(*given) for given in numbers}) == len(numbers)
    assert all(0 <= mix_seed(*given) < 2**64 for given in numbers)
    assert mix_seed(1, 2, 3) == mix_seed(1, 2, 3)


@pytest.mark.parametrize('accelerators', [True, False])
def test_all_generators_are_seeded(accelerators):

    def seeded(*numbers):
        seed_everything(*numbers, accelerators=accelerators)
        return draw()

    first, other = seeded(0, 5), seeded(0, 6)
    assert seeded(0, 5) == first
    assert all(a != b for a, b in zip(first, other))


def test_the_cpu_draws_the_same_with_and_without_accelerators():
    seed_everything(3, accelerators=False)
    expected = draw()
    seed_everything(3)
    assert draw() == expected


def test_what_is_drawn_inside_leaves_no_trace():
    seed_everything(1, 1)
    expected = draw()
    seed_everything(1, 1)
    with pytest.raises(KeyError), unchanged_random_state():
        seed_everything(2, 2)
        draw()
        raise KeyError
    assert draw() == expected


@pytest.mark.gpu
def test_cuda_leaves_no_trace_either():
    seed_everything(1)
    expected = torch.rand(3, device='cuda').tolist()
    seed_everything(1)
    with unchanged_random_state():
        seed_everything(2)
        torch.rand(3, device='cuda')
    assert torch.rand(3, device='cuda').tolist() == expected
