"""SAGAN: SNGAN's losses, its networks under their second names."""
import copy

import pytest
import torch
from families import FAMILIES

from mmgen.models import SAGAN, SNGAN, ProjDiscriminator, SNGANGenerator
from mmgen.registry import MODELS


@pytest.fixture
def model():
    return MODELS.build(copy.deepcopy(FAMILIES['sagan']))


def test_is_built_by_name(model):
    assert type(model) is SAGAN and isinstance(model, SNGAN)
    assert type(model.generator) is SNGANGenerator
    assert type(model.discriminator) is ProjDiscriminator


def test_losses_are_the_hinge(model):
    fake = torch.tensor([[-3.0], [2.0]])
    real = torch.tensor([[0.0], [4.0]])
    losses = model.disc_loss(fake, real)
    # max(0, 1 + x) = 0, 3 and max(0, 1 - x) = 1, 0
    assert losses['loss_disc_fake'].item() == pytest.approx(1.5)
    assert losses['loss_disc_real'].item() == pytest.approx(0.5)
    assert model.gen_loss(fake)['loss_gen'].item() == pytest.approx(0.5)


def test_attention_begins_with_a_share_of_0(model):
    assert model.generator.conv_blocks[2].gamma == 0
    assert model.discriminator.conv_blocks[0].gamma == 0
