"""Ways through latents: their formulas, ends and numbers of frames."""
import math

import pytest
import torch

from mmgen.apis.interpolation import between, noise_path, path


def test_lerp_is_straight():
    a, b = torch.tensor([0.0, 4.0]), torch.tensor([2.0, 0.0])
    assert between(a, b, 0.25, 'lerp').tolist() == [0.5, 3.0]


def test_slerp_turns_and_grows_evenly():
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 6.0])
    got = between(a, b, 0.25, 'slerp')
    angle = math.pi / 8
    torch.testing.assert_close(
        got, 3 * torch.tensor([math.cos(angle), math.sin(angle)]))
    torch.testing.assert_close(between(a, b, 1.0, 'slerp'), b)


def test_a_sequence_goes_through_all_ends():
    ends = torch.tensor([[0.0], [4.0], [0.0]])
    assert path(ends, 4, 'lerp', 'sequence').flatten().tolist() == [
        0, 1, 2, 3, 4, 3, 2, 1, 0]


def test_a_group_has_both_ends_of_each_pair():
    ends = torch.tensor([[0.0], [4.0], [10.0], [12.0]])
    assert path(ends, 3, 'lerp', 'group').flatten().tolist() == [
        0, 2, 4, 10, 11, 12]


@pytest.mark.parametrize('ends, interval, mode', [
    (1, 5, 'sequence'), (2, 0, 'sequence'), (3, 5, 'group'), (2, 1, 'group')])
def test_ways_that_are_none(ends, interval, mode):
    with pytest.raises(ValueError, match=f'{ends} endpoints with an interval'):
        path(torch.randn(ends, 4), interval, 'lerp', mode)


def test_noise_keeps_its_strength_on_the_way():
    ends = torch.randn(2, 1, 32, 32,
                       generator=torch.Generator().manual_seed(0))
    maps = noise_path(ends, 5, 'group')
    assert maps.shape == (5, 1, 32, 32)
    torch.testing.assert_close(maps[[0, 4]], ends)
    torch.testing.assert_close(maps.std((1, 2, 3)), torch.ones(5), atol=0.05,
                               rtol=0)
