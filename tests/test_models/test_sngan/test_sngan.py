"""SNGAN's losses against the hinge written out."""
import copy

import pytest
import torch
from families import FAMILIES

from mmgen.models import SNGAN
from mmgen.registry import MODELS

FAKE = torch.tensor([[-2.0], [0.0], [0.5], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


@pytest.fixture
def model():
    return MODELS.build(copy.deepcopy(FAMILIES['sngan']))


def test_discriminator_keeps_a_margin(model):
    losses = model.disc_loss(FAKE, REAL)
    assert set(losses) == {'loss_disc_fake', 'loss_disc_real'}
    # max(0, 1 + x) = 0, 1, 1.5, 4 and max(0, 1 - x) = 2, 0, 0, 0.5
    assert losses['loss_disc_fake'].item() == pytest.approx(6.5 / 4)
    assert losses['loss_disc_real'].item() == pytest.approx(2.5 / 4)


def test_generator_raises_the_answer(model):
    losses = model.gen_loss(FAKE)
    assert set(losses) == {'loss_gen'}
    assert losses['loss_gen'].item() == pytest.approx(-1.5 / 4)


def test_is_built_by_name(model):
    assert type(model) is SNGAN


def test_noise_is_the_generators():
    generator = dict(type='SNGANGenerator', output_scale=32, base_channels=1)
    assert SNGAN(dict(generator)).noise_size == 128  # as in 1.x
    assert SNGAN(dict(generator, noise_size=64)).noise_size == 64


def test_number_of_classes_goes_to_both_networks(model):
    assert model.generator.num_classes == 3
    assert model.discriminator.num_classes == 3
