"""The relativistic pairing loss by hand."""
from math import exp, log

import pytest
import torch

from mmgen.models.losses import relativistic_pairing_loss


def test_by_hand():
    real, fake = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5], [1.0]])
    disc = relativistic_pairing_loss(real, fake).item()
    gen = relativistic_pairing_loss(fake, real).item()
    assert disc == pytest.approx((log(1 + exp(-1.5)) + log(1 + exp(2))) / 2)
    assert gen == pytest.approx((log(1 + exp(1.5)) + log(1 + exp(-2))) / 2)


def test_only_the_difference_counts():
    real, fake = torch.randn(5, 1), torch.randn(5, 1)
    torch.testing.assert_close(
        relativistic_pairing_loss(real + 3, fake + 3),
        relativistic_pairing_loss(real, fake))


def test_half_precision_is_widened():
    real, fake = torch.tensor([2000.0]).half(), torch.tensor([1999.0]).half()
    loss = relativistic_pairing_loss(real, fake)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(log(1 + exp(-1)))


def test_pairs_need_partners():
    with pytest.raises(ValueError, match=r'shapes \[4, 1\] and \[3, 1\], '
                       'expected the same: there is one generated image'):
        relativistic_pairing_loss(torch.zeros(4, 1), torch.zeros(3, 1))
