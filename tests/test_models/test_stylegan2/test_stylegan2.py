"""StyleGAN2's losses against the formulas, in one process and in two."""
import copy
from unittest import mock

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from families import FAMILIES
from golden_numbers import GoldenCase
from mmengine.optim import OptimWrapper
from tiny_runs import in_children

from mmgen.engine.amp import AmpOptimWrapper
from mmgen.engine.distributed import MMSeparateDistributedDataParallel
from mmgen.models import (StyleGAN2, gen_path_regularizer,
                          r1_gradient_penalty_loss)
from mmgen.models.base import DiscBatch, GenBatch
from mmgen.registry import MODELS, MODULES
from mmgen.structures import GenDataSample
from mmgen.utils.unwrap import unwrap

FAKE = torch.tensor([[-2.0], [0.0], [0.5], [3.0]])
REAL = torch.tensor([[-1.0], [1.0], [2.0], [0.5]])


def build(family='stylegan2', generator=None, discriminator=None, **settings):
    torch.manual_seed(0)
    cfg = {**copy.deepcopy(FAMILIES[family]), **settings}
    cfg['generator'].update(generator or {})
    cfg['discriminator'].update(discriminator or {})
    return MODELS.build(cfg)


def batch():
    """Real images ``[4, 3, 16, 16]`` and noise ``[4, 8]``."""
    rng = torch.Generator().manual_seed(3)
    real = torch.rand(4, 3, 16, 16, generator=rng) * 2 - 1
    return real, torch.randn(4, 8, generator=rng)


def optimizers(model, wrapper=OptimWrapper, **kwargs):
    return {
        name: wrapper(optimizer=torch.optim.SGD(
            getattr(model, name).parameters(), lr=0.001), **kwargs)
        for name in ('generator', 'discriminator')
    }


def train(model, steps, wrappers=None):
    wrappers = wrappers or optimizers(model)
    real, _ = batch()
    data = dict(inputs=dict(img=(real * 127.5 + 127.5).byte()))
    if model.num_classes:
        data['data_samples'] = [
            GenDataSample().set_gt_label(k % 3) for k in range(4)]
    return [model.train_step(data, wrappers) for _ in range(steps)]


def test_recorded_penalties():
    case = GoldenCase('stylegan2_r1_pathreg')
    g, d = case.build('G', MODULES), case.build('D', MODULES)
    x, z = case.input('x'), case.input('z')
    case.check('r1_pixel', r1_gradient_penalty_loss(d, x))
    case.check('r1_HWC_w10', r1_gradient_penalty_loss(
        d, x, norm_mode='HWC', weight=10.0))
    penalty = r1_gradient_penalty_loss(d, x, norm_mode='HWC')
    case.check('r1_HWC', penalty)
    penalty.backward()
    norms = [p.grad.norm() for p in d.parameters() if p.grad is not None]
    case.check('r1_HWC_grad_norm', torch.stack(norms).norm())

    def same_batch(noise, num_batches, return_latents):
        return g(z, return_latents=return_latents, randomize_noise=False)

    for weight, decay, mean in ((1.0, 0.01, 0.0), (2.0, 0.1, 0.5)):
        with mock.patch('torch.randn_like',
                        lambda _: case.input('pl_noise')):
            found = gen_path_regularizer(
                same_batch, 4, torch.tensor(mean), weight=weight, decay=decay)
        for name, value in zip(('penalty', 'mean', 'lengths'), found):
            case.check(f'pl_{name}_w{weight}_d{decay}_m{mean}', value)


def test_losses_are_logistic():
    model = build()
    losses = model.disc_loss(FAKE, REAL)
    torch.testing.assert_close(
        losses['loss_disc_fake'], torch.log(1 + FAKE.exp()).mean())
    torch.testing.assert_close(
        losses['loss_disc_real'], torch.log(1 + (-REAL).exp()).mean())
    torch.testing.assert_close(
        model.gen_loss(FAKE)['loss_gen'], torch.log(1 + (-FAKE).exp()).mean())


def test_what_is_left_out_is_the_papers():
    """gamma = 10 every 16 updates, path length by 2 every 4: 80 and 8."""
    assert build().loss_config == dict(
        r1_loss_weight=80, r1_interval=16, norm_mode='HWC', g_reg_weight=8,
        g_reg_interval=4, pl_batch_shrink=2)


@pytest.mark.parametrize('family', ['stylegan2', 'stylegan2_classes'])
def test_r1_is_the_length_of_the_gradient_at_real_images(family):
    model = build(family, loss_config=dict(r1_loss_weight=5.0))
    real, _ = batch()
    label = dict(label=torch.tensor([0, 2, 1, 1])) \
        if model.num_classes else {}
    found = model.disc_penalties(DiscBatch(0, -real, real, label))
    x = real.clone().requires_grad_()
    slope, = torch.autograd.grad(model.discriminator(x, **label).sum(), x)
    assert set(found) == {'loss_disc_r1'}
    torch.testing.assert_close(
        found['loss_disc_r1'], 5 * slope.square().sum((1, 2, 3)).mean())


def test_path_length_has_its_own_smaller_batch():
    model = build(loss_config=dict(g_reg_weight=3.0, pl_batch_shrink=2))
    model.mean_path_length.fill_(0.25)
    torch.manual_seed(7)
    found = model.gen_penalties(GenBatch(4, dict(noise=None, num_batches=4)))
    torch.manual_seed(7)
    penalty, mean, lengths = gen_path_regularizer(
        model.generator, 2, torch.tensor(0.25), weight=3.0)
    assert len(lengths) == 2
    torch.testing.assert_close(found['loss_path_regular'], penalty)
    torch.testing.assert_close(found['path_length'], lengths.mean())
    torch.testing.assert_close(model.mean_path_length, mean)


def test_penalties_are_lazy():
    model = build(loss_config=dict(r1_interval=3, g_reg_interval=2))
    logs = train(model, 6)
    assert ['loss_disc_r1' in log for log in logs] == [True, False, False] * 2
    for key in ('loss_path_regular', 'path_length'):
        assert [key in log for log in logs] == [True, False] * 3
    for log in logs:
        total = sum(log[key] for key in log if key.startswith('loss_disc'))
        torch.testing.assert_close(log['loss'], total)


def test_penalties_are_due_in_all_batches_of_an_update():
    model = build(loss_config=dict(r1_interval=2, g_reg_interval=2))
    wrappers = optimizers(model, accumulative_counts=2)
    logs = train(model, 8, wrappers)
    assert ['loss_disc_r1' in log for log in logs] == [
        True, True, False, False] * 2


@pytest.mark.parametrize('weights', [
    dict(r1_loss_weight=0), dict(g_reg_weight=0)])
def test_weight_of_zero_turns_a_penalty_off(weights):
    log, = train(build(loss_config=weights), 1)
    assert ('loss_disc_r1' in log) == ('g_reg_weight' in weights)
    assert ('loss_path_regular' in log) == ('r1_loss_weight' in weights)


def test_training_mixes_styles():
    for prob, count in ((1.0, 2), (0.0, 1)):
        model = build(generator=dict(mix_prob=prob))
        made = model.generator(
            **model.draw_conditions(4), return_latents=True)
        assert len(made['noise_batch']) == count
        different = (made['latent'] != made['latent'][:, :1]).any()
        assert bool(different) == (count == 2)


def test_step_minimises_the_sum():
    model, reference = build(), build()
    real, z = batch()
    gradients, log = disc_gradients(model, real, z)
    d = reference.discriminator
    fake = reference.generator(z).detach()
    x = real.clone().requires_grad_()
    slope, = torch.autograd.grad(d(x).sum(), x, create_graph=True)
    penalty = 80 * slope.square().sum((1, 2, 3)).mean()
    loss = F.softplus(d(fake)).mean() + F.softplus(-d(real)).mean() + penalty
    loss.backward()
    torch.testing.assert_close(log['loss'], loss.detach())
    torch.testing.assert_close(log['loss_disc_r1'], penalty.detach())
    for name, parameter in d.named_parameters():
        torch.testing.assert_close(
            gradients[name], parameter.grad, rtol=1e-4, atol=1e-5)


def disc_gradients(model, images, z):
    """Gradients of D just before its update, and the log."""
    gradients = {}

    def note(*_):
        for name, parameter in unwrap(model.discriminator).named_parameters():
            gradients[name] = parameter.grad.clone()

    optimizer = torch.optim.SGD(model.discriminator.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(note)
    with mock.patch.object(model, 'draw_conditions', lambda _: dict(noise=z)):
        log = model.disc_turn(
            dict(img=images), None,
            dict(discriminator=OptimWrapper(optimizer)))
    return gradients, log


def test_gradients_of_two_processes_are_those_of_the_joint_batch(tmp_path):
    """With R1 due. Groups of two images are every second of the batch."""
    real, z = batch()
    pairs = dict(discriminator=dict(mbstd_cfg=dict(group_size=2)))

    def run():
        dist.init_process_group('gloo')
        rank = dist.get_rank()
        model = build(**pairs)
        MMSeparateDistributedDataParallel(model)
        found, log = disc_gradients(model, real[rank::2], z[rank::2])
        assert 'loss_disc_r1' in log
        torch.save(found, tmp_path / f'{rank}.pt')

    assert in_children(run, world_size=2) == [0, 0]
    expected, _ = disc_gradients(build(**pairs), real, z)
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pt')
        for name, gradient in expected.items():
            torch.testing.assert_close(
                found[name], gradient, rtol=1e-4, atol=1e-5)


def test_two_processes_train_and_agree_on_the_path_length(tmp_path):
    def run():
        dist.init_process_group('gloo')
        model = build()
        MMSeparateDistributedDataParallel(model)
        torch.manual_seed(dist.get_rank())
        log = train(model, 1)[0]
        torch.save((log, model.mean_path_length,
                    unwrap(model.generator).state_dict()),
                   tmp_path / f'{dist.get_rank()}.pt')

    assert in_children(run, world_size=2) == [0, 0]
    (first, mean, weights), (second, other_mean, other_weights) = (
        torch.load(tmp_path / f'{rank}.pt') for rank in range(2))
    lengths = (first['path_length'] + second['path_length']) / 2
    assert first['path_length'] != second['path_length']
    torch.testing.assert_close(mean, 0.01 * lengths)
    assert torch.equal(mean, other_mean)
    for name, value in weights.items():
        if 'injected_noise' not in name:
            assert torch.equal(value, other_weights[name]), name


def test_penalties_are_in_full_precision():
    """With half-precision blocks under autocast, to the last digit."""
    real, _ = batch()
    networks = dict(generator=dict(num_fp16_scales=2),
                    discriminator=dict(num_fp16_scales=2))
    found = []
    for on in (False, True):
        model = build(**networks)
        torch.manual_seed(1)
        with torch.autocast('cpu', torch.bfloat16, enabled=on):
            found.append({
                **model.disc_penalties(DiscBatch(0, real, real, {})),
                **model.gen_penalties(GenBatch(0, dict(num_batches=4)))})
    assert found[0].keys() == found[1].keys()
    for key in found[0]:
        assert torch.equal(found[0][key], found[1][key]), key


@pytest.mark.parametrize('networks', [
    dict(num_fp16_scales=1), dict(fp16_enabled=True), {}])
def test_mixed_precision_step_is_near_the_full_one(networks):
    logs = []
    for wrapper, kwargs in ((OptimWrapper, {}),
                            (AmpOptimWrapper, dict(dtype='bfloat16'))):
        model = build(generator=networks, discriminator=networks)
        wrappers = optimizers(model, wrapper, **kwargs)
        torch.manual_seed(2)
        logs.append(train(model, 1, wrappers)[0])
    full, mixed = logs
    assert set(full) == set(mixed)
    for key, value in full.items():
        assert mixed[key].item() == pytest.approx(
            value.item(), rel=0.03, abs=0.02), key


def test_mean_path_length_is_resumed():
    model = build()
    train(model, 5)
    assert model.mean_path_length > 0
    resumed = build()
    resumed.load_state_dict(model.state_dict(), strict=True)
    assert torch.equal(resumed.mean_path_length, model.mean_path_length)


def test_classes_reach_both_networks():
    model = build('stylegan2_classes')
    assert model.num_classes == 3
    assert model.generator.num_classes == model.discriminator.num_classes == 3
    before = copy.deepcopy(model.state_dict())
    logs = train(model, 1)
    assert {'loss_disc_r1', 'loss_path_regular'} <= set(logs[0])
    for name in ('generator', 'discriminator'):
        key = f'{name}.label_embedding.weight_orig'
        assert not torch.equal(before[key], model.state_dict()[key])
    samples = model.test_step(dict(inputs=dict(
        num_batches=2, labels=[2, 0],
        sample_kwargs=dict(truncation=0.5))))
    assert [int(s.gt_label.label) for s in samples] == [2, 0]


def test_augmentation_of_a_discriminator_adapts():
    model = build(discriminator=dict(
        type='ADAStyleGAN2Discriminator',
        data_aug=dict(type='ADAAug', aug_pipeline=dict(xflip=1),
                      update_interval=1)))
    assert 'augment_p' in train(model, 1)[0]


def test_settings_of_1x_without_effect_are_taken():
    model = build(loss_config=dict(
        scale_r1_loss=True, r1_use_apex_amp=False, g_reg_use_apex_amp=False))
    assert type(model) is StyleGAN2


@pytest.mark.parametrize('loss_config, words', [
    (dict(r1_weight=10),
     'StyleGAN2: loss_config has r1_weight, expected only r1_loss_weight, '
     'r1_interval, norm_mode, g_reg_weight, g_reg_interval, pl_batch_shrink. '
     'Take the other out.'),
    (dict(r1_use_apex_amp=True), 'r1_use_apex_amp=True, but apex is not'),
    (dict(r1_interval=0), 'r1_interval=0, expected a whole number of at least'),
    (dict(g_reg_interval=2.5), 'g_reg_interval=2.5, expected a whole number'),
    (dict(norm_mode='CHW'), "norm_mode='CHW', expected one of 'pixel', 'HWC'"),
])
def test_unknown_settings_are_refused(loss_config, words):
    with pytest.raises(ValueError, match=words):
        build(loss_config=loss_config)
