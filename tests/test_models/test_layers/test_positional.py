"""Positional encodings against recorded numbers and formulas."""
import math

import pytest
import torch
from golden_numbers import GoldenCase

from mmgen.models.layers.positional import (CatersianGrid,
                                            SinusoidalPositionalEmbedding)
from mmgen.registry import MODULES

CASE = GoldenCase('positional_encodings')


@pytest.mark.parametrize('tag', ['spe4', 'spe8half', 'spe8c'])
def test_recorded_sines(tag):
    encoding = MODULES.build(dict(CASE.meta['modules'][tag]['cfg']))
    x = CASE.input('x')
    CASE.check(f'{tag}_grid', encoding.make_grid2d(6, 9, 2), rtol=1e-5)
    CASE.check(f'{tag}_like', encoding.make_grid2d_like(x), rtol=1e-5)
    CASE.check(f'{tag}_like', encoding(x), rtol=1e-5)
    CASE.check(f'{tag}_like_cs',
               encoding.make_grid2d_like(x, center_shift=2), rtol=1e-5)
    CASE.check(f'{tag}_fwd', encoding(CASE.input('tok')), rtol=1e-5)


def test_recorded_grid():
    encoding = MODULES.build(dict(type='CSG'))
    x = CASE.input('x')
    CASE.check('csg_grid', encoding.make_grid2d(6, 9, 2), rtol=1e-5)
    CASE.check('csg_like', encoding.make_grid2d_like(x), rtol=1e-5)
    CASE.check('csg_call', encoding(x), rtol=1e-5)


def test_sines_by_hand():
    """Column 3 of four frequencies, row 2; both counted from 1."""
    grid = SinusoidalPositionalEmbedding(8, padding_idx=0).make_grid2d(4, 5)
    frequencies = [10000**(-i / 3) for i in range(4)]
    expected = [
        wave(place * f) for place in (3, 2) for wave in (math.sin, math.cos)
        for f in frequencies
    ]
    assert grid.shape == (1, 16, 4, 5)
    assert grid[0, :, 1, 2].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_padding_is_zero_and_not_counted():
    encoding = SinusoidalPositionalEmbedding(4, padding_idx=0)
    out = encoding(torch.tensor([[7, 0, 7]]))
    assert not out[0, 1].any()
    torch.testing.assert_close(out[0, 2], encoding(torch.tensor([[1, 1]]))[0, 1])


def test_a_far_shift_changes_nothing():
    plain = SinusoidalPositionalEmbedding(4, padding_idx=0)
    shifted = SinusoidalPositionalEmbedding(4, padding_idx=0, center_shift=100)
    assert torch.equal(plain.make_grid2d(6, 8), shifted.make_grid2d(6, 8))


def test_grid_ends_at_one_and_takes_the_type_of_the_images():
    grid = CatersianGrid()(torch.zeros(2, 3, 2, 3, dtype=torch.bfloat16))
    assert grid.dtype == torch.bfloat16
    assert grid[1].tolist() == [[[-1, 0, 1], [-1, 0, 1]],
                                [[-1, -1, -1], [1, 1, 1]]]
    assert CatersianGrid().make_grid2d(1, 1).flatten().tolist() == [-1, -1]


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match='embedding_dim=5, expected an even'):
        SinusoidalPositionalEmbedding(5, padding_idx=0)
    with pytest.raises(ValueError, match='center_shift=3, but the grid'):
        CatersianGrid().make_grid2d(2, 2, center_shift=3)


def test_published_entry_loads():
    encoding = SinusoidalPositionalEmbedding(4, padding_idx=0)
    encoding.load_state_dict(dict(_float_tensor=torch.ones(1)))
