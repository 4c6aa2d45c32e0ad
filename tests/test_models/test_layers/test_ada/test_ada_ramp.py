"""A probability on a schedule."""
import pytest
import torch

from mmgen.models.layers import RampUpAug


def make():
    return RampUpAug(dict(xflip=1, hue=0.5), final_p=0.6, ramp_iters=4)


def test_probability_rises_along_a_cosine():
    aug, logits = make(), torch.zeros(2, 1)
    assert aug.aug_pipeline.p == 0
    found = [aug.observe(logits, batch)['augment_p'].item()
             for batch in range(6)]
    half = 0.3 * 2**-0.5
    assert found == pytest.approx([0.3 - half, 0.3, 0.3 + half, 0.6, 0.6, 0.6])
    x = torch.rand(2, 3, 8, 8)
    torch.manual_seed(0)
    out = aug(x)
    torch.manual_seed(0)
    assert torch.equal(out, aug.aug_pipeline(x))


def test_probability_is_in_the_state():
    aug, other = make(), make()
    aug.observe(torch.zeros(2, 1), 2)
    other.load_state_dict(aug.state_dict())
    assert other.aug_pipeline.p == aug.aug_pipeline.p > 0
    assert aug.observe(torch.zeros(2, 1), 3) == other.observe(
        torch.zeros(2, 1), 3)
