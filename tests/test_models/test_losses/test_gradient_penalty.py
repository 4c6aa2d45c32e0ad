"""Gradient penalties of known gradients, and recorded ones."""
import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models.losses import (GradientPenaltyLoss, R1GradientPenalty,
                                 R2GradientPenalty, gradient_penalty_loss,
                                 r1_gradient_penalty_loss,
                                 r2_gradient_penalty_loss)
from mmgen.registry import MODULES

SHAPE = (2, 3, 4, 5)
REAL = torch.linspace(-1, 1, 120).view(SHAPE)
FAKE = REAL.flip(0) * 0.3
PLANE = torch.linspace(0.1, 0.9, 60).view(3, 4, 5)


def linear(x):
    """Gradient `PLANE` everywhere."""
    return (x * PLANE).flatten(1).sum(1, keepdim=True)


def squares(x):
    """Gradient ``2 x``."""
    return x.square().flatten(1).sum(1, keepdim=True)


def test_linear_discriminator():
    pixels = PLANE.square().sum(0)
    image = PLANE.square().sum()
    for mode, squared in (('pixel', pixels), ('HWC', image)):
        torch.testing.assert_close(
            r1_gradient_penalty_loss(linear, REAL, norm_mode=mode),
            squared.mean())
        torch.testing.assert_close(
            gradient_penalty_loss(linear, REAL, FAKE, norm_mode=mode),
            (squared.sqrt() - 1).square().mean())
        torch.testing.assert_close(
            r1_gradient_penalty_loss(
                linear, REAL, norm_mode=mode, weight=10.0),
            10 * squared.mean())


@pytest.fixture(scope='module')
def recorded():
    """A critic with layer norm, its penalties and what they are made of."""
    case = GoldenCase('gan_losses')
    return case, case.build('D', MODULES)


@pytest.mark.parametrize('mode', ['pixel', 'HWC'])
@pytest.mark.parametrize('tail', ['', '_mask'])
def test_recorded_numbers(recorded, monkeypatch, mode, tail):
    case, d = recorded
    real, fake, alpha = (case.input(key) for key in ('real', 'fake', 'alpha'))
    how = dict(norm_mode=mode, mask=case.input('mask') if tail else None)
    monkeypatch.setattr(torch, 'rand', lambda *size, **_: alpha.view(size))
    case.check(f'gp_{mode}{tail}', gradient_penalty_loss(d, real, fake, **how))
    case.check(f'r1_{mode}{tail}', r1_gradient_penalty_loss(d, real, **how))


def test_mask_covers_the_gradient_and_divides_by_its_mean():
    mask = torch.zeros(2, 1, 4, 5)
    mask[:, :, :2] = 1
    covered = (PLANE * mask[0]).square().sum(0)
    torch.testing.assert_close(
        r1_gradient_penalty_loss(linear, REAL, mask=mask),
        covered.mean() / 0.5)
    torch.testing.assert_close(
        gradient_penalty_loss(linear, REAL, FAKE, mask=mask),
        (covered.sqrt() - 1).square().mean() / 0.5)


def test_mixes_real_and_fake_once_for_each_image(monkeypatch):
    alpha = torch.tensor([0.25, 1.0]).view(2, 1, 1, 1)
    monkeypatch.setattr(torch, 'rand', lambda *size, **_: alpha.view(size))
    mixed = torch.stack([0.25 * REAL[0] + 0.75 * FAKE[0], REAL[1]])
    norms = (2 * mixed).flatten(1).norm(dim=1)
    torch.testing.assert_close(
        gradient_penalty_loss(squares, REAL, FAKE, norm_mode='HWC'),
        (norms - 1).square().mean())


def test_r1_of_squares():
    torch.testing.assert_close(
        r1_gradient_penalty_loss(squares, REAL, norm_mode='HWC'),
        (2 * REAL).square().sum() / 2)


def test_r2_is_taken_at_generated_images():
    fake = FAKE.clone().requires_grad_()
    penalty = r2_gradient_penalty_loss(
        squares, fake, norm_mode='HWC', weight=3.0)
    torch.testing.assert_close(penalty, 3 * (2 * FAKE).square().sum() / 2)
    # The generator has no part in it.
    assert torch.autograd.grad(penalty, fake, allow_unused=True) == (None, )
    module = R2GradientPenalty(
        norm_mode='HWC',
        data_info=dict(discriminator='disc', fake_data='fake_imgs'))
    assert module.loss_name == 'loss_r2_gp'
    torch.testing.assert_close(
        3 * module(dict(disc=squares, fake_imgs=fake)), penalty)


def test_penalty_trains_the_discriminator():
    conv = nn.Conv2d(3, 1, (4, 5), bias=False)
    penalty = r1_gradient_penalty_loss(conv, REAL, norm_mode='HWC')
    penalty.backward()
    torch.testing.assert_close(penalty, conv.weight.square().sum())
    torch.testing.assert_close(conv.weight.grad, 2 * conv.weight.detach())


def test_full_precision_under_autocast():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 2))
    expected = r1_gradient_penalty_loss(net, REAL)
    with torch.autocast('cpu', torch.bfloat16):
        torch.testing.assert_close(
            r1_gradient_penalty_loss(net, REAL), expected, rtol=0, atol=0)
        half = r1_gradient_penalty_loss(net, REAL.bfloat16())
    assert half.dtype == torch.float32


def test_modules_take_tensors_or_outputs():
    expected = r1_gradient_penalty_loss(linear, REAL, norm_mode='HWC')
    torch.testing.assert_close(
        R1GradientPenalty(loss_weight=5.0, norm_mode='HWC')(linear, REAL),
        5 * expected)
    data_info = dict(discriminator='disc', real_data='real_imgs')
    outputs = dict(disc=linear, real_imgs=REAL, fake_imgs=FAKE, iteration=3)
    r1 = R1GradientPenalty(norm_mode='HWC', interval=4, data_info=data_info)
    assert r1(outputs) is None
    torch.testing.assert_close(r1({**outputs, 'iteration': 8}), expected)
    gp = GradientPenaltyLoss(
        loss_weight=10.0,
        norm_mode='HWC',
        data_info=dict(data_info, fake_data='fake_imgs'))
    torch.testing.assert_close(
        gp(outputs),
        10 * gradient_penalty_loss(linear, REAL, FAKE, norm_mode='HWC'))


@pytest.mark.parametrize('make, words', [
    (lambda: r1_gradient_penalty_loss(linear, REAL, norm_mode='CHW'),
     "norm_mode='CHW', expected 'pixel' or 'HWC'"),
    (lambda: R1GradientPenalty(use_apex_amp=True), 'apex is not supported'),
    (lambda: R1GradientPenalty(interval=16), 'interval=16 needs data_info'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
