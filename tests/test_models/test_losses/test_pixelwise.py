"""L1 and MSE in every reduction, by hand."""
import pytest
import torch

from mmgen.models.losses import L1Loss, MSELoss, l1_loss, mse_loss

PRED = torch.tensor([[1.0, 2.0], [3.0, -4.0], [0.0, 0.0]])
TARGET = torch.tensor([[0.0, 4.0], [3.0, 0.0], [0.0, -1.0]])


@pytest.mark.parametrize('reduction, l1, mse', [
    ('none', [[1, 2], [0, 4], [0, 1]], [[1, 4], [0, 16], [0, 1]]),
    ('mean', 8 / 6, 22 / 6),
    ('sum', 8, 22),
    ('batchmean', 8 / 3, 22 / 3),
    ('flatmean', [1.5, 2, 0.5], [2.5, 8, 0.5]),
])
def test_reductions(reduction, l1, mse):
    l1, mse = (torch.tensor(value, dtype=torch.float) for value in (l1, mse))
    torch.testing.assert_close(
        l1_loss(PRED, TARGET, reduction=reduction), l1)
    torch.testing.assert_close(
        L1Loss(reduction=reduction, loss_weight=3.0)(PRED, TARGET), 3 * l1)
    torch.testing.assert_close(
        mse_loss(PRED, TARGET, reduction=reduction), mse)
    torch.testing.assert_close(
        MSELoss(loss_weight=3.0)(PRED, TARGET, reduction=reduction), 3 * mse)


def test_weight_and_avg_factor():
    weight = torch.tensor([1.0, 0.0, 2.0])[:, None]
    assert l1_loss(PRED, TARGET, weight=weight, reduction='sum').item() == 5
    assert L1Loss(avg_factor=4.0)(PRED, TARGET).item() == 2


def test_takes_its_tensors_from_the_outputs():
    data_info = dict(pred='fake', target='real')
    outputs = dict(fake=PRED, real=TARGET, other=None)
    assert L1Loss(reduction='sum', data_info=data_info)(outputs).item() == 8
    assert MSELoss(2.0, data_info)(
        outputs_dict=outputs, reduction='sum').item() == 44


@pytest.mark.parametrize('make, words', [
    (lambda: l1_loss(PRED, TARGET, reduction='avg'),
     "reduction='avg', expected one of 'none', 'mean'"),
    (lambda: l1_loss(PRED, TARGET, reduction='sum', avg_factor=2),
     "avg_factor goes with reduction='mean', not with 'sum'"),
    (lambda: L1Loss(data_info=dict(pred='fake', target='goal'))(
        dict(fake=PRED, real=TARGET)),
     "L1Loss: data_info takes target from 'goal', but the outputs have only "
     'fake, real'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
