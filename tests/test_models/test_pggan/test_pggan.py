"""PGGAN's losses against the formulas."""
import copy
from unittest import mock

import pytest
import torch
from families import FAMILIES

from mmgen.models import ProgressiveGrowingGAN
from mmgen.models.base import DiscBatch
from mmgen.registry import MODELS

FAKE = torch.tensor([[-2.0], [0.0], [0.5], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


def build(**settings):
    torch.manual_seed(0)
    model = MODELS.build({**copy.deepcopy(FAMILIES['pggan']), **settings})
    model.shown_imgs.fill_(12)  # half way into 8 pixels
    return model


def test_both_names_are_registered():
    assert MODELS.get('PGGAN') is MODELS.get('ProgressiveGrowingGAN') \
        is ProgressiveGrowingGAN


def test_losses():
    """0.001 times the mean of 1, 1, 4 and 0.25."""
    losses = build().disc_loss(FAKE, REAL)
    assert {name: loss.item() for name, loss in losses.items()} == dict(
        loss_disc_fake=pytest.approx(1.5 / 4),
        loss_disc_real=pytest.approx(-2.5 / 4),
        loss_disc_shift=pytest.approx(0.001 * 6.25 / 4))
    assert build().gen_loss(FAKE)['loss_gen'].item() == pytest.approx(-1.5 / 4)


def test_gradient_penalty_is_that_of_the_grown_discriminator():
    model = build()
    growth = dict(curr_scale=8, transition_weight=0.5)
    assert model.growth == growth
    draws = torch.Generator().manual_seed(1)
    real, fake = torch.randn(2, 4, 3, 8, 8, generator=draws)
    share = torch.rand(4, 1, 1, 1, generator=draws)
    with mock.patch('torch.rand', lambda *size, **_: share.view(size)):
        penalties = model.disc_penalties(DiscBatch(0, fake, real, growth))
    x = (share * real + (1 - share) * fake).requires_grad_()
    gradient, = torch.autograd.grad(
        model.discriminator(x, **growth).sum(), x)
    by_hand = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    assert set(penalties) == {'loss_gp'}
    torch.testing.assert_close(penalties['loss_gp'], 10 * by_hand)


def test_weights_of_the_losses_can_be_set():
    real, fake = torch.randn(2, 4, 3, 8, 8)
    growth = dict(curr_scale=8, transition_weight=0.5)
    penalties = []
    for settings in ({}, dict(loss_config=dict(
            gp_loss_weight=20, fake_shift_weight=0.1))):
        model = build(**settings)
        torch.manual_seed(1)
        penalties.append(
            model.disc_penalties(DiscBatch(0, fake, real, growth))['loss_gp'])
    torch.testing.assert_close(penalties[1], 2 * penalties[0])
    # Squares of reals: 6.25 / 4; of fakes: (4 + 0.25 + 9) / 4.
    assert model.disc_loss(FAKE, REAL)['loss_disc_shift'].item() \
        == pytest.approx(0.001 * 6.25 / 4 + 0.1 * 13.25 / 4)
    with pytest.raises(ValueError, match='loss_config has drift, expected '
                       'only gp_loss_weight, real_shift_weight, fake_'):
        build(loss_config=dict(drift=1))
