"""Geometric GAN's losses against the hinge written out."""
import copy

import pytest
import torch
from families import FAMILIES

from mmgen.models import GGAN
from mmgen.registry import MODELS

FAKE = torch.tensor([[-2.0], [-0.5], [0.0], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


@pytest.fixture
def model():
    return MODELS.build(copy.deepcopy(FAMILIES['ggan']))


def test_discriminator_wants_a_margin_of_one_on_both_sides(model):
    losses = model.disc_loss(FAKE, REAL)
    assert set(losses) == {'loss_disc_fake', 'loss_disc_real'}
    # max(0, 1 + x) = 0, 1/2, 1, 4 and max(0, 1 - x) = 2, 0, 0, 1/2
    assert losses['loss_disc_fake'].item() == pytest.approx(5.5 / 4)
    assert losses['loss_disc_real'].item() == pytest.approx(2.5 / 4)


def test_generator_has_no_margin(model):
    losses = model.gen_loss(FAKE)
    assert set(losses) == {'loss_gen'}
    # -x = 2, 1/2, 0, -3
    assert losses['loss_gen'].item() == pytest.approx(-0.5 / 4)


def test_only_logits_inside_the_margin_pull_on_the_discriminator(model):
    """The support vectors: fakes above -1, real ones below 1."""
    fake, real = FAKE.clone().requires_grad_(), REAL.clone().requires_grad_()
    losses = model.disc_loss(fake, real)
    (losses['loss_disc_fake'] + losses['loss_disc_real']).backward()
    assert fake.grad.flatten().tolist() == [0, 0.25, 0.25, 0.25]
    assert real.grad.flatten().tolist() == [-0.25, 0, 0, -0.25]


def test_is_built_by_name(model):
    assert type(model) is GGAN
