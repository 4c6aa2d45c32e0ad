"""LSGAN's losses against the squares written out."""
import copy

import pytest
import torch
from families import FAMILIES

from mmgen.models import LSGAN
from mmgen.registry import MODELS

FAKE = torch.tensor([[-2.0], [0.0], [0.5], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


@pytest.fixture
def model():
    return MODELS.build(copy.deepcopy(FAMILIES['lsgan']))


def test_discriminator_wants_zero_for_fakes_and_one_for_real(model):
    losses = model.disc_loss(FAKE, REAL)
    assert set(losses) == {'loss_disc_fake', 'loss_disc_real'}
    # (x - 0)^2 = 4, 0, 1/4, 9 and (x - 1)^2 = 4, 0, 1, 1/4
    assert losses['loss_disc_fake'].item() == pytest.approx(13.25 / 4)
    assert losses['loss_disc_real'].item() == pytest.approx(5.25 / 4)


def test_generator_wants_one(model):
    losses = model.gen_loss(FAKE)
    assert set(losses) == {'loss_gen'}
    # (x - 1)^2 = 9, 1, 1/4, 4
    assert losses['loss_gen'].item() == pytest.approx(14.25 / 4)


def test_logits_far_on_the_right_side_still_cost(model):
    """The paper's point: also what is already taken for real is pulled in."""
    logits = torch.tensor([[5.0], [-1.0]], requires_grad=True)
    model.gen_loss(logits)['loss_gen'].backward()
    assert logits.grad.flatten().tolist() == pytest.approx([4.0, -2.0])


def test_is_built_by_name(model):
    assert type(model) is LSGAN
