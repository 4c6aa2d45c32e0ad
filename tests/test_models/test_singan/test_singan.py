"""SinGAN's training: losses, stages, rates, and sampling."""
import copy
import pickle
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from tiny_singan import (ADAM, PE_SINGAN, SINGAN, SIZES, STAGE, batch, build,
                         optimizers, train)

from mmgen.models.losses import gradient_penalty_loss
from mmgen.models.singan.singan import copy_block
from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS

STILL = dict(type='SGD', lr=0.0)


def snapshot(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def real(scale):
    return (batch()['inputs'][f'real_scale{scale}'].float() - 127.5) / 127.5


def trained(steps=3 * STAGE, cfg=SINGAN, **settings):
    model = build(cfg, **settings)
    train(model, optimizers(model), steps)
    return model.eval()


# ------------------------------------------------------------------ the losses


def test_losses_by_hand():
    """Both turns of one iteration at the first scale, weights standing still."""
    model = build(discriminator_steps=1, generator_steps=1)
    wrappers = optimizers(model, STILL)
    train(model, wrappers, 1)
    torch.manual_seed(7)
    log, = train(model, wrappers, 1)

    g, d = model.generator.train(), model.discriminator.train()
    noise = dict(fixed_noises=model.fixed_noises, noise_weights=[1, 0, 0],
                 curr_scale=0)
    torch.manual_seed(7)
    fake = g(None, rand_mode='rand', **noise).detach()
    d_fake, d_real = d(fake, 0).mean(), d(real(0), 0).mean()
    penalty = gradient_penalty_loss(lambda x: d(x, 0), real(0), fake)
    assert log['loss_disc_fake'] == pytest.approx(d_fake.item(), rel=1e-4)
    assert log['loss_disc_real'] == pytest.approx(-d_real.item(), rel=1e-4)
    assert log['loss_gp'] == pytest.approx(0.1 * penalty.item(), rel=1e-4)
    assert log['loss'] == pytest.approx(
        (d_fake - d_real + 0.1 * penalty).item(), rel=1e-4)
    g_fake = d(g(None, rand_mode='rand', **noise), 0).mean()
    assert log['loss_gen'] == pytest.approx(-g_fake.item(), rel=1e-4)
    recon = g(None, rand_mode='recon', **noise)
    assert log['loss_recon'] == pytest.approx(
        10 * (recon - real(0)).square().mean().item(), rel=1e-4)


def test_gradient_is_that_of_the_sum_of_the_losses():
    model = build(discriminator_steps=1, generator_steps=1,
                  lr_scheduler_args=None)
    rate = 0.01
    wrappers = optimizers(model, dict(type='SGD', lr=rate))
    train(model, optimizers(model, STILL), 1)
    before = copy.deepcopy(model)
    torch.manual_seed(3)
    train(model, wrappers, 1)
    torch.manual_seed(3)
    noise = dict(fixed_noises=before.fixed_noises, noise_weights=[1, 0, 0],
                 curr_scale=0)
    before.train()
    before.generator(None, rand_mode='rand', **noise)  # D's turn
    torch.rand(1)  # its penalty
    fake = before.generator(None, rand_mode='rand', **noise)
    recon = before.generator(None, rand_mode='recon', **noise)
    loss = -model.discriminator(fake, 0).mean() \
        + 10 * F.mse_loss(recon, real(0))
    parameters = list(before.generator.blocks[0].parameters())
    expected = torch.autograd.grad(loss, parameters)
    for old, grad, new in zip(parameters, expected,
                              model.generator.blocks[0].parameters()):
        torch.testing.assert_close(new, old - rate * grad, rtol=1e-3,
                                   atol=1e-6)


# ------------------------------------------------------------------ the stages


def test_stages_follow_from_the_count():
    model = build()
    wrappers = optimizers(model)
    assert model.curr_stage == -1
    stages = [log['curr_stage']
              for log in train(model, wrappers, 3 * STAGE + 2)]
    assert stages == [0] * 4 + [1] * 4 + [2] * 6  # the last one goes on
    assert model.curr_stage == 2
    assert [wrappers[f'discriminator_{i}'].inner_count for i in range(3)] == [
        4, 4, 6]
    assert [wrappers[f'generator_{i}'].inner_count for i in range(3)] == [
        4, 4, 6]


def test_only_the_current_scale_learns():
    model = build()
    wrappers = optimizers(model)
    train(model, wrappers, STAGE + 1)
    before = snapshot(model)
    train(model, wrappers, STAGE - 1)
    for key, value in model.state_dict().items():
        changed = not torch.equal(before[key], value)
        own = '.blocks.1.' in key
        if key != 'discriminator.blocks.1.tail.conv.bias':  # no effect
            assert changed == own or key == 'pyramid.trained_iters', key
    assert all(p.requires_grad == ('blocks.1.' in name)
               for name, p in model.generator.named_parameters())
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_a_scale_starts_from_the_weights_below():
    model = build()
    train(model, optimizers(model), STAGE)
    still = optimizers(model, STILL)
    model.lr_scheduler_args['milestones'] = []
    train(model, still, 1)
    for network in (model.generator, model.discriminator):
        for below, new in zip(network.blocks[0].parameters(),
                              network.blocks[1].parameters()):
            assert torch.equal(below, new)
        assert not torch.equal(network.blocks[1].head.conv.weight,
                               network.blocks[2].head.conv.weight)


def test_a_wider_scale_keeps_its_own_weights():
    model = build(num_scales=4,
                  generator=dict(SINGAN['generator'], num_scales=4),
                  discriminator=dict(SINGAN['discriminator'], num_scales=4))
    before = snapshot(model.generator.blocks[4])
    copy_block(model.generator.blocks, 4)
    assert all(torch.equal(before[key], value) for key, value in
               model.generator.blocks[4].state_dict().items())
    copy_block(model.generator.blocks, 3)
    assert torch.equal(model.generator.blocks[3].head.conv.weight,
                       model.generator.blocks[2].head.conv.weight)


def test_noise_weight_is_a_share_of_the_error_from_below():
    """With the reconstruction in eval mode, as images are sampled."""
    model = build(noise_weight_init=0.3)
    wrappers = optimizers(model)
    train(model, wrappers, STAGE)
    assert model.noise_weights.tolist() == [1, 0, 0]
    recon = copy.deepcopy(model).eval().generator(
        None, model.fixed_noises, [1], 'recon', 0)
    up = F.interpolate(recon, SIZES[1], mode='bicubic', align_corners=True)
    rmse = ((up - real(1))**2).mean().sqrt().item()
    log = train(model, wrappers, 1)[0]
    assert log['noise_weight'] == pytest.approx(0.3 * rmse, rel=1e-5)
    assert model.noise_weights[1].item() == pytest.approx(log['noise_weight'])


def test_noise_of_the_reconstruction_is_drawn_once():
    model = build()
    wrappers = optimizers(model)
    train(model, wrappers, 1)
    before = [noise.clone() for noise in model.fixed_noises]
    assert [tuple(noise.shape) for noise in before] == [
        (1, 1, *size) for size in SIZES]
    assert before[0].std().item() == pytest.approx(1, abs=0.2)
    assert not any(noise.any() for noise in before[1:])
    train(model, wrappers, STAGE)
    assert all(map(torch.equal, before, model.fixed_noises))


def test_rates_fall_at_the_milestones_of_each_scale():
    model = build(iters_per_scale=3,
                  lr_scheduler_args=dict(milestones=[1, 2], gamma=0.5))
    wrappers = optimizers(model)
    rates = []
    for _ in range(10):
        train(model, wrappers, 1)
        stage = model.curr_stage
        rates.append([wrappers[f'{name}_{stage}'].param_groups[0]['lr']
                      for name in ('generator', 'discriminator')])
    once = [1e-3] * 2 + [5e-4] * 2 + [2.5e-4] * 2
    assert rates == [[rate] * 2 for rate in once + once[:4]]


# ------------------------------------------------------- as all families promise


@pytest.mark.parametrize('cfg', [SINGAN, PE_SINGAN], ids=['plain', 'pe'])
def test_all_scales_stay_finite_and_the_seed_decides(cfg):
    runs = []
    for _ in range(2):
        model = build(cfg)
        logs = train(model, optimizers(model), 3 * STAGE)
        assert all(torch.isfinite(torch.tensor(list(log.values()))).all()
                   for log in logs)
        runs.append(snapshot(model))
    assert all(torch.equal(runs[0][key], runs[1][key]) for key in runs[0])


def test_mixed_precision_step_is_near_the_full_one():
    logs = []
    for wrapper in ({}, dict(type='AmpOptimWrapper', dtype='bfloat16')):
        model = build()
        wrappers = optimizers(model, **wrapper)
        torch.manual_seed(1)
        logs.append(train(model, wrappers, STAGE + 2))
    for full, mixed in zip(*logs):
        assert full.keys() == mixed.keys()
        assert mixed == pytest.approx(full, rel=0.05, abs=0.03)


def test_batch_of_two_is_trained_on_both():
    model = build()
    data = batch(batch_size=2)
    log = model.train_step(copy.deepcopy(data), optimizers(model))
    assert all(torch.isfinite(value) for value in log.values())


def test_builds_without_memory():
    with torch.device('meta'):
        model = MODELS.build(copy.deepcopy(SINGAN))
    assert all(p.device.type == 'meta' for p in model.parameters())


# -------------------------------------------------------------------- sampling


def test_samples_of_the_scales_trained_so_far():
    model = trained(STAGE + 1)
    for inputs, size in (({}, SIZES[1]),
                         (dict(sample_kwargs=dict(curr_scale=0)), SIZES[0]),
                         (dict(curr_scale=0), SIZES[0])):
        samples = model.test_step(dict(inputs=dict(num_batches=3, **inputs)))
        images = torch.stack([sample.fake_img.data for sample in samples])
        assert images.shape == (3, 3, *size)
        assert not torch.equal(images[0], images[1])
    with pytest.raises(ValueError, match='curr_scale=2, but training has '
                       'reached scale 1'):
        model.test_step(dict(inputs=dict(curr_scale=2)))
    with pytest.raises(RuntimeError, match='no scale has been trained, .*'
                       'set test_pkl_data'):
        build().test_step(dict(inputs=dict(num_batches=1)))


def test_reconstruction_and_the_images_of_all_scales():
    model = trained()
    sample, = model.val_step(dict(inputs=dict(
        num_batches=1, get_prev_res=True, rand_mode='recon')))
    expected = model.generator(None, model.fixed_noises, model.noise_weights,
                               'recon', 2, get_prev_res=True)
    assert torch.equal(sample.fake_img.data, expected['fake_img'][0])
    assert [tuple(image.shape) for image in sample.prev_res_list] == [
        (3, *size) for size in SIZES[:2]]
    assert torch.equal(sample.prev_res_list[1],
                       expected['prev_res_list'][1][0])
    assert sample.sample_model == 'orig'


@pytest.mark.parametrize('cfg, border', [
    (SINGAN, 0),
    (dict(PE_SINGAN, fixed_noise_with_pad=True, first_fixed_noises_ch=1,
          generator=dict(SINGAN['generator'], type='SinGANMSGeneratorPE',
                         interp_pad=True, noise_with_pad=True)), 10)],
    ids=['plain', 'noise_with_pad'])
def test_images_of_another_size_and_shape(cfg, border):
    """Twice as high and as wide as before: so are the noises of each scale."""
    model = trained(cfg=cfg)
    assert model.fixed_noises[0].shape[2:] == (12 + border, 16 + border)
    sample, = model.test_step(dict(inputs=dict(
        size=(40, 27), sample_kwargs=dict(get_prev_res=True))))
    assert sample.fake_img.data.shape == (3, 40, 27)
    assert [tuple(image.shape[1:]) for image in sample.prev_res_list] == [
        (24, 16), (32, 21)]
    with pytest.raises(ValueError, match=r"size=\(40, 27\) with rand_mode="
                       "'recon'"):
        model.test_step(dict(inputs=dict(size=(40, 27), rand_mode='recon')))


def test_averaged_generator_gets_the_same_noise():
    model = trained(STAGE + 2, ema_confg=dict(momentum=0.1))
    images = {}
    for which in ('ema/orig', 'ema', 'orig'):
        torch.manual_seed(6)
        images[which], = model.test_step(
            dict(inputs=dict(sample_model=which)))
    both = images['ema/orig']
    assert torch.equal(both.ema.fake_img.data, images['ema'].fake_img.data)
    assert torch.equal(both.orig.fake_img.data, images['orig'].fake_img.data)
    assert not torch.equal(both.ema.fake_img.data, both.orig.fake_img.data)
    assert torch.equal(model.generator_ema.module.blocks[0].tail.conv.weight,
                       model.generator.blocks[0].tail.conv.weight)


# ----------------------------------------------------------- what is kept where


def test_state_dict_of_a_half_trained_pyramid():
    model, other = trained(STAGE + 1), build(seed=1)
    other.load_state_dict(model.state_dict(), strict=True)
    assert other.curr_stage == 1
    inputs = dict(num_batches=2)
    torch.manual_seed(4)
    ours = model.test_step(dict(inputs=inputs))
    torch.manual_seed(4)
    theirs = other.eval().test_step(dict(inputs=inputs))
    assert all(torch.equal(a.fake_img.data, b.fake_img.data)
               for a, b in zip(ours, theirs))


@pytest.mark.parametrize('old', [False, True], ids=['ours', '1.x'])
def test_weights_of_1x_are_sampled_with_their_pickle(old, tmp_path):
    model, path = trained(), tmp_path / 'iter_12.pkl'
    data = dict(noise_weights=model.noise_weights,
                fixed_noises=model.fixed_noises, curr_stage=2)
    if old:
        data['noise_weights'] = data['noise_weights'].tolist()
        path.write_bytes(pickle.dumps(data))
    else:
        torch.save(data, path)
    weights = {key: value for key, value in model.state_dict().items()
               if not key.startswith('pyramid.')}
    other = build(seed=1, test_pkl_data=str(path))
    other.load_state_dict(weights, strict=True)
    inputs = dict(num_batches=1, rand_mode='recon')
    ours, = model.test_step(dict(inputs=inputs))
    theirs, = other.eval().test_step(dict(inputs=inputs))
    assert torch.equal(ours.fake_img.data, theirs.fake_img.data)


def test_pickles_that_do_not_fit(tmp_path):
    path = tmp_path / 'a.pkl'
    torch.save(dict(noise_weights=[1.0]), path)
    with pytest.raises(ValueError, match='has noise_weights, but not '
                       'fixed_noises, curr_stage'):
        build(test_pkl_data=str(path))
    torch.save(dict(noise_weights=[1.0], fixed_noises=[torch.zeros(1, 1, 2, 2)],
                    curr_stage=0), path)
    with pytest.raises(ValueError, match='noises of 1 scales, but the networks '
                       'have 3'):
        build(test_pkl_data=str(path))
    path.write_bytes(pickle.dumps(dict(
        noise_weights=[1.0], fixed_noises=[Path('a')], curr_stage=0)))
    with pytest.raises(ValueError, match='fixed_noises that are no tensors'):
        build(test_pkl_data=str(path))


# --------------------------------------------------------------- what is refused


def test_settings_that_do_not_fit():
    with pytest.raises(ValueError, match='num_scales=3, but the generator has '
                       'num_scales=2'):
        build(num_scales=3)
    with pytest.raises(ValueError, match='lr_scheduler_args has milestones, '
                       'gamma, last_epoch, expected only'):
        build(lr_scheduler_args=dict(milestones=[1], last_epoch=3))
    with pytest.raises(ValueError, match='fixed_noise_with_pad=True, but the '
                       'generator has noise_with_pad=False'):
        build(PE_SINGAN, fixed_noise_with_pad=True)


def test_data_with_other_scales():
    model = build()
    with pytest.raises(ValueError, match='num_scales=2, expected 3 images '
                       'real_scale0 to real_scale2 in a batch, got 2. Set '
                       'num_scales=1'):
        model.train_step(batch(SIZES[:2]), optimizers(model))


def test_optimisers_that_know_no_scales():
    model = build()
    wrappers = OPTIM_WRAPPER_CONSTRUCTORS.build(dict(
        type='GenOptimWrapperConstructor',
        optim_wrapper_cfg={name: dict(optimizer=dict(ADAM)) for name in
                           ('generator', 'discriminator')}))(model)
    with pytest.raises(ValueError, match='has generator, discriminator, but no '
                       "generator_0. Set constructor='SinGANOptim"):
        model.train_step(batch(), wrappers)
