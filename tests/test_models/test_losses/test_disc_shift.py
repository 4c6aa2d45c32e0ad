"""The shift loss against recorded numbers."""
import torch
from golden_numbers import GoldenCase

from mmgen.models.losses import DiscShiftLoss, disc_shift_loss


def test_recorded_numbers():
    case = GoldenCase('gan_losses')
    pred = case.input('pred')
    case.check('disc_shift', disc_shift_loss(pred), 1e-5)
    case.check('disc_shift_w0.001', disc_shift_loss(pred, weight=0.001), 1e-5)
    case.check('disc_shift_half',
               disc_shift_loss(pred, weight=0.5, reduction='sum'), 1e-5)


def test_module():
    pred = torch.tensor([1.0, -3.0])
    assert DiscShiftLoss()(pred).item() == 5
    loss = DiscShiftLoss(loss_weight=0.1, data_info=dict(pred='logits'))
    assert loss(dict(logits=pred)).item() == 0.5
