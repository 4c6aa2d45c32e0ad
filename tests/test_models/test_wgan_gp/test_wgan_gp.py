"""WGAN-GP's losses against the formulas, in one process and in two."""
import copy
from unittest import mock

import pytest
import torch
import torch.distributed as dist
from families import FAMILIES
from mmengine.optim import OptimWrapper
from tiny_runs import in_children

from mmgen.engine.distributed import MMSeparateDistributedDataParallel
from mmgen.models import WGANGP
from mmgen.models.base import DiscBatch
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap

FAKE = torch.tensor([[-2.0], [0.0], [0.5], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build({**copy.deepcopy(FAMILIES['wgangp']), **settings})


def batch():
    """Real and fake images ``[4, 3, 16, 16]`` and the shares of the real."""
    rng = torch.Generator().manual_seed(3)
    real, fake = (torch.rand(4, 3, 16, 16, generator=rng) * 2 - 1
                  for _ in range(2))
    return real, fake, torch.rand(4, 1, 1, 1, generator=rng)


def mixing_with(alpha):
    """The random numbers of the penalty, given."""
    return mock.patch('torch.rand', lambda *size, **_: alpha.view(size))


def penalty_by_hand(model, per_pixel=False):
    """Equation 3, an image at a time."""
    terms = []
    for real, fake, alpha in zip(*batch()):
        x = (alpha * real + (1 - alpha) * fake)[None].requires_grad_()
        gradient, = torch.autograd.grad(model.discriminator(x), x)
        length = gradient.norm(dim=1) if per_pixel else gradient.norm()
        terms.append((length - 1).square().mean())
    return torch.stack(terms).mean()


def test_critic_estimates_a_difference_of_means():
    losses = build().disc_loss(FAKE, REAL)
    assert set(losses) == {'loss_disc_fake', 'loss_disc_real'}
    assert losses['loss_disc_fake'].item() == pytest.approx(1.5 / 4)
    assert losses['loss_disc_real'].item() == pytest.approx(-2.5 / 4)


def test_generator_raises_the_critics_mean():
    losses = build().gen_loss(FAKE)
    assert set(losses) == {'loss_gen'}
    assert losses['loss_gen'].item() == pytest.approx(-1.5 / 4)


@pytest.mark.parametrize('loss_config, weight, per_pixel', [
    (None, 10, False), ({}, 10, False),
    (dict(gp_loss_weight=50, gp_norm_mode='HWC'), 50, False),
    (dict(gp_norm_mode='pixel'), 10, True)])
def test_penalty_is_the_formula(loss_config, weight, per_pixel):
    model = build(loss_config=loss_config)
    real, fake, alpha = batch()
    with mixing_with(alpha):
        penalties = model.disc_penalties(DiscBatch(0, fake, real, {}))
    assert set(penalties) == {'loss_gp'}
    torch.testing.assert_close(
        penalties['loss_gp'], weight * penalty_by_hand(model, per_pixel))


def disc_gradients(model, images, z, alpha):
    """Gradients of D just before its update, and the log."""
    gradients = {}

    def note(*_):
        for name, parameter in unwrap(model.discriminator).named_parameters():
            gradients[name] = parameter.grad.clone()

    optimizer = torch.optim.SGD(model.discriminator.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(note)
    wrapper = OptimWrapper(optimizer)
    # Batch norm would tell the images of a process about each other.
    unwrap(model.generator).eval()
    with mixing_with(alpha), \
            mock.patch.object(model, 'noise_fn', lambda num_batches: z):
        log = model.disc_turn(
            dict(img=images), None, dict(discriminator=wrapper))
    return gradients, log


def test_step_minimises_algorithm_1():
    model, reference = build(), build()
    real, _, alpha = batch()
    z = torch.randn(4, 8)
    gradients, log = disc_gradients(model, real, z, alpha)

    d = reference.discriminator
    fake = reference.generator.eval()(z).detach()
    x = (alpha * real + (1 - alpha) * fake).requires_grad_()
    slope, = torch.autograd.grad(d(x).sum(), x, create_graph=True)
    penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
    loss = d(fake).mean() - d(real).mean() + penalty
    loss.backward()
    torch.testing.assert_close(log['loss'], loss.detach())
    torch.testing.assert_close(log['loss_gp'], penalty.detach())
    for name, parameter in d.named_parameters():
        torch.testing.assert_close(
            gradients[name], parameter.grad, rtol=1e-4, atol=1e-5)


def test_gradients_of_two_processes_are_those_of_the_joint_batch(tmp_path):
    real, _, alpha = batch()
    z = torch.randn(4, 8)

    def run():
        dist.init_process_group('gloo')
        rank = dist.get_rank()
        model = build()
        MMSeparateDistributedDataParallel(model)
        mine = slice(2 * rank, 2 * rank + 2)
        found, _ = disc_gradients(model, real[mine], z[mine], alpha[mine])
        torch.save(found, tmp_path / f'{rank}.pt')

    assert in_children(run, world_size=2) == [0, 0]
    expected, _ = disc_gradients(build(), real, z, alpha)
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pt')
        for name, gradient in expected.items():
            torch.testing.assert_close(
                found[name], gradient, rtol=1e-4, atol=1e-5)


def test_five_updates_of_the_critic_for_one_of_the_generator():
    model = build(discriminator_steps=5)
    optimizers = {
        name: OptimWrapper(
            torch.optim.SGD(getattr(model, name).parameters(), lr=0.01))
        for name in ('generator', 'discriminator')
    }
    images = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
    trained = [
        'loss_gen' in model.train_step(
            dict(inputs=dict(img=images)), optimizers) for _ in range(10)
    ]
    assert trained == [False, False, False, False, True] * 2


@pytest.mark.parametrize('loss_config, words', [
    (dict(gp_weight=10, gp_norm='HWC'),
     'WGANGP: loss_config has gp_norm, gp_weight, expected only '
     'gp_loss_weight, gp_norm_mode. Take the other out.'),
    (dict(gp_norm_mode='CHW'),
     "WGANGP: loss_config has gp_norm_mode='CHW', expected one of 'pixel', "
     "'HWC'"),
])
def test_unknown_settings_are_refused(loss_config, words):
    with pytest.raises(ValueError, match=words):
        build(loss_config=loss_config)


def test_is_built_by_name():
    model = build(loss_config=dict(gp_loss_weight=1))
    assert type(model) is WGANGP
    assert model.loss_config == dict(gp_loss_weight=1, gp_norm_mode='HWC')
