"""Path lengths against Jacobians, and the running mean over processes."""
from unittest import mock

import pytest
import torch
import torch.distributed as dist
from tiny_runs import in_children

from mmgen.models.losses import (GeneratorPathRegularizer,
                                 gen_path_regularizer)
from mmgen.registry import MODULES

torch.manual_seed(0)
WEIGHT = torch.randn(2, 5, 3 * 4 * 4)  # two layers, styles of 5, images 4x4
W = torch.randn(3, 2, 5)
NOISE = torch.randn(3, 3, 4, 4)
MEAN = torch.tensor(0.5)


def generator(factor=1.0):
    """A generator whose image is quadratic in its styles."""

    def call(noise, num_batches, return_latents):
        assert noise is None and return_latents
        ws = W[:num_batches].clone().requires_grad_()
        flat = torch.einsum('nld,ldp->np', ws.square(), WEIGHT) * factor
        return dict(fake_img=flat.view(-1, 3, 4, 4), latent=ws)

    return call


def lengths_by_hand(factor=1.0):
    """``|J^T y|`` from the written-out derivative ``2 w``."""
    y = NOISE.flatten(1) / 4
    pulled = factor * torch.einsum('np,ldp->nld', y, WEIGHT) * 2 * W
    return (pulled.square().sum(2).mean(1)).sqrt()


def drawn_noise():
    return mock.patch('torch.randn_like', lambda x: NOISE[:len(x)])


def test_is_equation_4():
    with drawn_noise():
        penalty, mean, lengths = gen_path_regularizer(
            generator(), 3, MEAN, decay=0.1, weight=2.0)
    expected = lengths_by_hand()
    torch.testing.assert_close(lengths, expected)
    running = 0.5 + 0.1 * (expected.mean() - 0.5)
    torch.testing.assert_close(mean, running)
    torch.testing.assert_close(
        penalty, 2 * (expected - running).square().mean())


def test_gradient_takes_the_running_mean_for_a_constant():
    factor = torch.tensor(1.5, requires_grad=True)
    with drawn_noise():
        penalty, mean, lengths = gen_path_regularizer(
            generator(factor), 3, MEAN)
    penalty.backward()
    # A length grows in proportion to the factor.
    expected = (2 * (lengths - mean) * lengths / 1.5).mean()
    torch.testing.assert_close(factor.grad, expected)
    assert not mean.requires_grad and not lengths.requires_grad


@pytest.mark.parametrize('settings, size', [
    (dict(), 3), (dict(pl_batch_shrink=2), 1), (dict(pl_batch_shrink=8), 1),
    (dict(pl_batch_shrink=2, pl_batch_size=2), 2)])
def test_takes_fewer_images(settings, size):
    _, _, lengths = gen_path_regularizer(generator(), 3, MEAN, **settings)
    assert len(lengths) == size


def test_does_not_depend_on_the_resolution():
    """Of images that are larger, with the same values."""

    def larger(*args, **kwargs):
        made = generator()(*args, **kwargs)
        made['fake_img'] = torch.nn.functional.interpolate(
            made['fake_img'], scale_factor=8)
        return made

    torch.manual_seed(0)
    few, many = (
        torch.stack([
            gen_path_regularizer(make, 3, MEAN)[2].square()
            for _ in range(200)
        ]).mean() for make in (generator(), larger))
    assert many.item() == pytest.approx(few.item(), rel=0.2)


def test_is_in_full_precision():
    seen = []

    def watched(*args, **kwargs):
        seen.append(torch.is_autocast_enabled('cpu'))
        return generator()(*args, **kwargs)

    with torch.autocast('cpu', torch.bfloat16), drawn_noise():
        penalty, _, lengths = gen_path_regularizer(watched, 3, MEAN)
    assert seen == [False] and penalty.dtype == torch.float32
    torch.testing.assert_close(lengths, lengths_by_hand())


def test_module_keeps_the_running_mean():
    regularizer = MODULES.build(
        dict(type='GeneratorPathRegularizer', loss_weight=2.0, decay=0.1,
             interval=4, data_info=dict(generator='gen', num_batches='size')))
    assert isinstance(regularizer, GeneratorPathRegularizer)
    outputs = dict(gen=generator(), size=3, iteration=4)
    assert regularizer({**outputs, 'iteration': 3}) is None
    mean = torch.tensor(0.0)
    for _ in range(2):
        with drawn_noise():
            found = regularizer(outputs)
            expected, mean, _ = gen_path_regularizer(
                generator(), 3, mean, decay=0.1)
        torch.testing.assert_close(found, 2 * expected)
        torch.testing.assert_close(regularizer.mean_path_length, mean)
    resumed = GeneratorPathRegularizer()
    resumed.load_state_dict(regularizer.state_dict())
    assert torch.equal(resumed.mean_path_length, mean)


def test_running_mean_is_that_of_all_processes(tmp_path):
    factors = (1.0, 3.0)

    def run():
        dist.init_process_group('gloo')
        rank = dist.get_rank()
        with drawn_noise():
            found = [
                gen_path_regularizer(generator(factors[rank]), 3, MEAN,
                                     decay=0.1, sync_mean_buffer=sync)[1]
                for sync in (True, False)
            ]
        torch.save(found, tmp_path / f'{rank}.pt')

    assert in_children(run, world_size=2) == [0, 0]
    own = [lengths_by_hand(factor).mean() for factor in factors]
    for rank in range(2):
        together, alone = torch.load(tmp_path / f'{rank}.pt')
        torch.testing.assert_close(
            together, 0.5 + 0.1 * (sum(own) / 2 - 0.5))
        torch.testing.assert_close(alone, 0.5 + 0.1 * (own[rank] - 0.5))


@pytest.mark.parametrize('settings, words', [
    (dict(use_apex_amp=True), 'GeneratorPathRegularizer: use_apex_amp=True'),
    (dict(interval=4), 'interval=4 needs data_info'),
])
def test_nonsense_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        GeneratorPathRegularizer(**settings)
