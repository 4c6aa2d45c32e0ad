"""Adversarial losses against their formulas and recorded numbers."""
import itertools

import pytest
import torch
from golden_numbers import GoldenCase

from mmgen.models.losses import GANLoss, gan_loss
from mmgen.models.losses.adversarial import GAN_TYPES


def written_out(x, gan_type, real, is_disc):
    """The table of `gan_loss`, value by value, labels 1 and 0."""
    sigmoid = 1 / (1 + torch.exp(-x))
    if gan_type == 'vanilla':
        return -torch.log(sigmoid if real else 1 - sigmoid)
    if gan_type == 'lsgan':
        return (x - 1)**2 if real else x**2
    if gan_type == 'wgan':
        return -x if real else x
    if gan_type == 'wgan-logistic-ns':
        return torch.log(1 + torch.exp(-x if real else x))
    if is_disc:
        return torch.clamp(1 - x if real else 1 + x, min=0)
    return -x


CASES = list(itertools.product(GAN_TYPES, (True, False), (True, False)))


@pytest.mark.parametrize('gan_type, real, is_disc', CASES)
def test_is_the_formula(gan_type, real, is_disc):
    torch.manual_seed(0)
    x = torch.randn(6, 1, dtype=torch.double, requires_grad=True)
    loss = gan_loss(x, gan_type, real, is_disc=is_disc)
    torch.testing.assert_close(
        loss, written_out(x, gan_type, real, is_disc).mean())
    assert torch.autograd.gradcheck(
        lambda v: gan_loss(v, gan_type, real, is_disc=is_disc), x)


@pytest.mark.parametrize('gan_type, real, is_disc', CASES)
def test_module_gives_the_recorded_numbers(gan_type, real, is_disc):
    case = GoldenCase('gan_losses')
    pred = case.input('pred')
    weighted = dict(real_label_val=0.9, fake_label_val=0.1, loss_weight=2.0)
    for tag, settings in (('d', {}), ('w', weighted)):
        loss = GANLoss(gan_type, **settings)(pred, real, is_disc=is_disc)
        case.check(f'{gan_type}_{tag}_real{real:d}_disc{is_disc:d}', loss,
                   1e-5)


@pytest.mark.parametrize('gan_type', GAN_TYPES)
def test_full_precision_under_autocast(gan_type):
    torch.manual_seed(0)
    logits = torch.randn(8, 1).bfloat16()
    with torch.autocast('cpu', torch.bfloat16):
        loss = gan_loss(logits, gan_type, True, is_disc=True)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(
        loss, gan_loss(logits.float(), gan_type, True, is_disc=True))


def test_huge_logits_stay_finite():
    x = torch.tensor([-1e4, 1e4], requires_grad=True)
    for gan_type in GAN_TYPES:
        grad, = torch.autograd.grad(gan_loss(x, gan_type, True), x)
        assert grad.isfinite().all()


def test_unknown_type_is_refused():
    for make in (lambda: gan_loss(torch.zeros(1), 'wgan-gp', True),
                 lambda: GANLoss('wgan-gp')):
        with pytest.raises(
                ValueError, match="gan_type='wgan-gp', expected one of 'van"):
            make()
