"""A ramp along half a wave of the cosine."""
import pytest

from mmgen.utils.cosine import cosine_ramp


@pytest.mark.parametrize('progress, expected', [
    (-1, 2.0), (0, 2.0), (1 / 3, 2 - 0.25 * 1.8), (0.5, 1.1),
    (2 / 3, 2 - 0.75 * 1.8), (1, 0.2), (7, 0.2)])
def test_by_hand(progress, expected):
    assert cosine_ramp(2.0, 0.2, progress) == pytest.approx(expected)
