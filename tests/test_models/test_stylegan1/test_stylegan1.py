"""StyleGAN's losses against the formulas, and its mixing of styles."""
import copy

import pytest
import torch
import torch.nn.functional as F
from families import FAMILIES

from mmgen.models import StyleGANv1
from mmgen.models.base import DiscBatch
from mmgen.registry import MODELS

FAKE = torch.tensor([[-2.0], [0.0], [0.5], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


def build(**settings):
    torch.manual_seed(0)
    model = MODELS.build({**copy.deepcopy(FAMILIES['stylegan1']), **settings})
    model.shown_imgs.fill_(12)  # half way into 8 pixels
    return model


def test_both_names_are_registered():
    assert MODELS.get('StyleGANV1') is MODELS.get('StyleGANv1') is StyleGANv1


def test_losses_are_logistic():
    model = build()
    losses = model.disc_loss(FAKE, REAL)
    assert set(losses) == {'loss_disc_fake', 'loss_disc_real'}
    torch.testing.assert_close(
        losses['loss_disc_fake'], F.softplus(FAKE).mean())
    torch.testing.assert_close(
        losses['loss_disc_real'], F.softplus(-REAL).mean())
    torch.testing.assert_close(
        model.gen_loss(FAKE)['loss_gen'], F.softplus(-FAKE).mean())


@pytest.mark.parametrize('settings, gamma', [
    ({}, 10), (dict(loss_config=dict(r1_loss_weight=1.5)), 3)])
def test_r1_is_half_of_gamma_times_the_squared_gradient(settings, gamma):
    model = build(**settings)
    growth = dict(curr_scale=8, transition_weight=0.5)
    assert model.growth == growth
    real = torch.randn(4, 3, 8, 8)
    penalties = model.disc_penalties(DiscBatch(0, real, real, growth))
    x = real.clone().requires_grad_()
    gradient, = torch.autograd.grad(
        model.discriminator(x, **growth).sum(), x)
    by_hand = gamma / 2 * gradient.square().sum((1, 2, 3)).mean()
    assert set(penalties) == {'loss_disc_r1'}
    torch.testing.assert_close(penalties['loss_disc_r1'], by_hand)


def test_training_mixes_styles():
    model = build()
    conditions = model.draw_conditions(3)
    assert conditions == dict(
        noise=None, num_batches=3, curr_scale=8, transition_weight=0.5)
    model.generator.mix_prob = 1.0
    made = model.generator(**conditions, return_latents=True)
    first, last = made['latent'][:, 0], made['latent'][:, -1]
    assert made['fake_img'].shape == (3, 3, 8, 8)
    assert not torch.allclose(first, last)


def test_size_of_the_styles():
    assert build().generator.noise_size == build().noise_size == 8
    with pytest.raises(ValueError, match='style_channels=16, but the gen.*=8'):
        build(style_channels=16, generator=dict(
            FAMILIES['stylegan1']['generator'], style_channels=8))
