"""Diffusion models: recorded numbers, training, sampling."""
import copy
import math

import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.engine.amp import convert_to_amp
from mmgen.models import BasicGaussianDiffusion, UniformTimeStepSampler
from mmgen.models.losses import DDPMMSELoss, DDPMVLBLoss
from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.structures import GenDataSample

T, K = 20, 3
UNET = dict(
    type='DenoisingUnet', image_size=8, base_channels=8,
    resblocks_per_downsample=1, channels_cfg=[1, 2], attention_res=[4],
    num_heads=2, norm_cfg=dict(type='GN', num_groups=4),
    use_scale_shift_norm=True)
HYBRID = [
    dict(type='DDPMVLBLoss', rescale_mode='constant',
         rescale_cfg=dict(scale=T / 1000),
         log_cfgs=dict(type='quartile', prefix_name='loss_vlb',
                       total_timesteps=T)),
    dict(type='DDPMMSELoss')
]
TAGS = ('learned_range-eps', 'FIXED_SMALL-eps', 'LEARNED-START_X',
        'learned_range-PREVIOUS_X')


def config(denoising=None, **settings):
    return dict(
        dict(type='BasicGaussianDiffusion', num_timesteps=T,
             betas_cfg=dict(type='cosine'), ddpm_loss=HYBRID,
             ema_config=dict(momentum=0.1)),
        denoising={**UNET, **(denoising or {})}, **settings)


def build(denoising=None, randomise=True, **settings):
    """A tiny model; its network says something from the beginning."""
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(config(denoising, **settings)))
    if randomise:
        with torch.no_grad():
            for parameter in model.denoising.parameters():
                parameter.normal_(std=0.2)
        if model.with_ema_gen:
            model.denoising_ema.copy_weights(model.denoising)
    return model


def optimizers(model, amp=False, **settings):
    cfg = dict(
        constructor='GenOptimWrapperConstructor',
        denoising=dict(optimizer=dict(type='AdamW', lr=1e-3), **settings))
    if amp:
        cfg = convert_to_amp(cfg, None)
    cfg.pop('constructor')
    return OPTIM_WRAPPER_CONSTRUCTORS.build(dict(
        type='GenOptimWrapperConstructor', optim_wrapper_cfg=cfg))(model)


def batch(model=None, size=4):
    generator = torch.Generator().manual_seed(5)
    samples = [GenDataSample() for _ in range(size)]
    if model is not None and model.num_classes:
        for index, sample in enumerate(samples):
            sample.set_gt_label(index % model.num_classes)
    images = torch.randint(
        0, 256, (size, 3, 8, 8), generator=generator, dtype=torch.uint8)
    return dict(inputs=dict(img=images), data_samples=samples)


def images_of(samples, name=None):
    return torch.stack([
        (sample if name is None else sample.get(name)).fake_img.data
        for sample in samples])


def snapshot(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


# ---------------------------------------------------------- recorded numbers


@pytest.fixture(scope='module')
def case():
    return GoldenCase('diffusion')


@torch.no_grad()
@pytest.mark.parametrize('tag', TAGS)
def test_recorded_steps(case, tag):
    x_0, noise, noise2, t = (case.input(key) for key in (
        'x0', 'noise', 'noise2', 't'))
    model = case.build(tag, MODELS)
    x_t = model.q_sample(x_0, t, noise)
    mean, logvar = model.q_mean_log_variance(x_0, t)
    found = dict(
        q_sample=x_t, q_mean=mean, q_logvar=logvar,
        step=model.denoising_step(model.denoising, x_t, t, noise=noise2))
    output = model.denoising(x_t, t)
    groups = dict(
        qpost=model.q_posterior_mean_variance(x_0, x_t, t, logvar=True),
        pmv_clipTrue=model.p_mean_variance(output, x_t, t),
        pmv_clipFalse=model.p_mean_variance(
            output, x_t, t, clip_denoised=False))
    for group, values in groups.items():
        found |= {f'{group}/{key}': value for key, value in values.items()}
    expected = {key.removeprefix(f'{tag}/') for key in case.expected
                if key.startswith(f'{tag}/')} - {'ddpm_sampling'}
    assert expected <= set(found)
    for key in expected:
        case.check(f'{tag}/{key}', found[key])


@torch.no_grad()
@pytest.mark.parametrize('tag', ['learned_range-eps', 'FIXED_SMALL-eps'])
def test_recorded_sampling_with_the_noise_of_each_step(case, tag):
    model = case.build(tag, MODELS)
    image = model.ddpm_sampling(
        model.denoising, case.input('noise')[:1],
        timesteps_noise=case.input('timesteps_noise'))
    case.check(f'{tag}/ddpm_sampling', image, rtol=2e-3)


@pytest.mark.parametrize('schedule', ['linear', 'cosine'])
def test_recorded_coefficients(case, schedule):
    """What the formulas make of ones and zeros."""
    tag = f'{schedule}1000'
    model = build(num_timesteps=1000, betas_cfg=dict(type=schedule))
    t = case.input(f't_{tag}')
    ones = torch.ones(len(t), 1, 1, 1)
    zeros = torch.zeros_like(ones)
    posterior = model.q_posterior_mean_variance(ones, zeros, t, logvar=True)
    found = dict(
        sqrt_alphas_bar=model.q_sample(ones, t, zeros),
        sqrt_one_minus_alphas_bar=model.q_sample(zeros, t, ones),
        sqrt_recip_alphas_bar=model.pred_x_0_from_eps(zeros, ones, t),
        sqrt_recipm1_alphas_bar=-model.pred_x_0_from_eps(ones, zeros, t),
        log_one_minus_alphas_bar=model.q_mean_log_variance(ones, t)[1],
        tilde_mu_coef1=posterior['mean_posterior'],
        tilde_mu_coef2=model.q_posterior_mean_variance(
            zeros, ones, t, need_var=False),
        tilde_betas=posterior['var_posterior'],
        log_tilde_betas_clipped=posterior['logvar_posterior'])
    for key, value in found.items():
        case.check(f'{tag}/{key}', value.flatten(), rtol=1e-5)


# ------------------------------------------------------------------ training


def test_one_step_changes_the_network_and_its_average_alone():
    model = build()
    wrappers = optimizers(model)
    before = snapshot(model)
    log = model.train_step(batch(), wrappers)
    after = model.state_dict()
    assert set(before) == set(after)
    assert {key.split('.')[0] for key in after} == {
        'denoising', 'denoising_ema'}
    for name, parameter in model.denoising.named_parameters():
        assert not torch.equal(before[f'denoising.{name}'], parameter), name
    assert not any(p.requires_grad for p in model.denoising_ema.parameters())
    for key in ('loss_ddpm_vlb', 'loss_ddpm_mse', 'loss'):
        assert torch.isfinite(log[key])
    assert log['loss'] == log['loss_ddpm_vlb'] + log['loss_ddpm_mse']
    assert any(key.startswith('loss_vlb_quartile_') for key in log)


def test_average_moves_by_its_share():
    model = build()
    wrappers = optimizers(model)
    model.train_step(batch(), wrappers)  # the first one copies
    key = 'out.conv.weight'
    first = model.denoising_ema.module.get_parameter(key).clone()
    torch.testing.assert_close(first, model.denoising.get_parameter(key))
    model.train_step(batch(), wrappers)
    expected = 0.9 * first + 0.1 * model.denoising.get_parameter(key)
    torch.testing.assert_close(
        model.denoising_ema.module.get_parameter(key), expected)


def test_average_waits_for_a_whole_update_and_for_its_start():
    model = build(ema_config=dict(momentum=0.1, start_iter=2))
    wrappers = optimizers(model, accumulative_counts=2)
    key = 'denoising_ema.steps'
    steps = []
    for _ in range(8):
        model.train_step(batch(), wrappers)
        steps.append(int(model.state_dict()[key]))
    assert steps == [0, 0, 0, 1, 1, 2, 2, 3]


def test_learning_predicts_the_noise_better():
    model = build(ddpm_loss=dict(type='DDPMMSELoss'), randomise=False)
    wrappers = optimizers(model)
    logs = [model.train_step(batch(), wrappers)['loss'] for _ in range(60)]
    assert torch.stack(logs[:5]).mean() > 0.9  # it begins with no noise at all
    assert torch.stack(logs[-15:]).mean() < 0.7


def test_hybrid_loss_sends_each_part_to_its_own_channels():
    """The bound trains the variance, the error the noise (section 3.1)."""
    for loss, trained in ((DDPMVLBLoss(), slice(3, 6)),
                          (DDPMMSELoss(), slice(0, 3))):
        model = build()
        outputs = model.training_outputs(torch.rand(4, 3, 8, 8) * 2 - 1, None)
        loss(outputs).backward()
        grad = model.denoising.out.conv.weight.grad
        assert grad[trained].any()
        grad[trained] = 0
        assert not grad.any()


def test_timesteps_are_even_and_follow_the_random_state():
    sampler = UniformTimeStepSampler(4)
    torch.manual_seed(3)
    counts = sampler.sample(4000).bincount()
    assert len(counts) == 4 and (counts - 1000).abs().max() < 150
    torch.manual_seed(3)
    first = sampler.sample(5)
    torch.manual_seed(3)
    assert torch.equal(first, sampler.sample(5))


def test_same_seed_same_step():
    states = []
    for _ in range(2):
        model = build()
        torch.manual_seed(7)
        model.train_step(batch(), optimizers(model))
        states.append(snapshot(model))
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


def test_classes_of_the_batch_reach_the_network():
    model = build(dict(num_classes=K))
    seen = []
    model.denoising.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs['label']),
        with_kwargs=True)
    before = snapshot(model)
    model.train_step(batch(model), optimizers(model))
    assert seen[0].tolist() == [0, 1, 2, 0]
    key = 'denoising.label_embedding.weight'
    assert not torch.equal(before[key], model.state_dict()[key])
    with pytest.raises(ValueError, match='BasicGaussianDiffusion: training '
                       'needs class labels, but the batch has no gt_label'):
        model.train_step(batch(), optimizers(model))


@pytest.mark.parametrize('mean, pred, target', [
    ('start_x', 'x_0_pred', 'real_imgs'),
    ('previous_x', 'x_tm1_pred', 'mean_posterior')])
def test_other_predictions_train_too(mean, pred, target):
    loss = dict(type='DDPMMSELoss', data_info=dict(pred=pred, target=target))
    model = build(
        dict(output_cfg=dict(mean=mean, var='learned')),
        ddpm_loss=[dict(type='DDPMVLBLoss'), loss])
    before = snapshot(model)
    log = model.train_step(batch(), optimizers(model))
    assert torch.isfinite(log['loss'])
    assert not torch.equal(
        before['denoising.out.conv.bias'], model.denoising.out.conv.bias)


def test_mixed_precision_step_is_near_the_full_one():
    logs = []
    for amp in (False, True):
        model = build()
        wrappers = optimizers(model, amp)
        torch.manual_seed(1)
        logs.append(model.train_step(batch(), wrappers))
    full, mixed = logs
    assert set(full) == set(mixed)
    for key in full:
        assert mixed[key].dtype == torch.float32
        assert mixed[key].item() == pytest.approx(full[key].item(), rel=0.02)


# ----------------------------------------------------------------- the bound


class Knows(nn.Module):
    """A network that is told the answer."""

    in_channels, image_size = 1, 1

    def __init__(self, answer, var_mode='fixed_small'):
        super().__init__()
        self.answer = answer
        self.var_mode = var_mode
        self.unused = nn.Parameter(torch.zeros(()))

    def forward(self, x_t, t):
        return self.answer(x_t, t)


def plain(network, num_timesteps=T):
    return BasicGaussianDiffusion(
        network, dict(type='cosine'), num_timesteps)


def bound_at(model, x_0, t):
    """`DDPMVLBLoss` of images ``[N, C, H, W]`` at step ``t``, ``[N]``."""
    class Always:
        def sample(self, size, device):
            return torch.full((size, ), t)

    model.sampler = Always()
    with torch.no_grad():
        return DDPMVLBLoss(reduction='none')(model.training_outputs(x_0, None))


def test_bound_is_0_if_the_image_is_known():
    """And at step 0 the likelihood of a level under a narrow Gaussian."""
    x_0 = (torch.randint(0, 256, (64, 1, 1, 1)) / 127.5 - 1)
    model = plain(Knows(lambda x_t, t: dict(
        x_0_pred=x_0, factor=torch.zeros_like(x_0))))
    for t in (1, 7, T - 1):
        assert bound_at(model, x_0, t).abs().max() < 1e-4
    std = math.exp(0.5 * model.process.log_tilde_betas_clipped[0].item())
    inside = math.erf(1 / 255 / std / math.sqrt(2))
    middle = x_0[(x_0.abs() < 0.99)].view(-1, 1, 1, 1)
    model.denoising.answer = lambda x_t, t: dict(
        x_0_pred=middle, factor=torch.zeros_like(middle))
    found = bound_at(model, middle, 0)
    torch.testing.assert_close(
        found, torch.full_like(found, -math.log2(inside)), rtol=1e-3,
        atol=1e-3)


@pytest.mark.parametrize('t', [1, 5, 12])
def test_bound_of_the_best_network_is_the_closed_form(t):
    """For Gaussian data, half the loss of signal-to-noise ratio times the
    variance of the image given x_t (Kingma et al. 2021, arXiv:2107.00630)."""
    mean, std = 0.2, 0.3

    def best(x_t, t):
        a, s = (getattr(model.process, name)[t].view(-1, 1, 1, 1) for name in (
            'sqrt_alphas_bar', 'sqrt_one_minus_alphas_bar'))
        return dict(eps_t_pred=s * (x_t - a * mean) / (
            a**2 * std**2 + s**2))

    model = plain(Knows(best))
    x_0 = mean + std * torch.randn(40000, 1, 1, 1)
    process = model.process
    ratio = (process.sqrt_alphas_bar / process.sqrt_one_minus_alphas_bar)**2
    left = 1 / (1 / std**2 + ratio[t])
    expected = 0.5 * (ratio[t - 1] - ratio[t]) * left / math.log(2)
    found = bound_at(model, x_0, t).mean()
    assert found.item() == pytest.approx(expected.item(), rel=0.03)


# ------------------------------------------------------------------ sampling


def test_sampled_images_have_shape_range_and_dtype():
    samples = build().test_step(dict(inputs=dict(num_batches=3)))
    images = images_of(samples)
    assert images.shape == (3, 3, 8, 8) and images.dtype == torch.float32
    assert images.abs().max() <= 1 and images.std() > 0
    assert samples[0].sample_model == 'ema'
    assert not images.requires_grad


def test_noise_is_taken_in_every_form():
    model = build(eta=0.0)
    noise = torch.randn(2, 3, 8, 8)
    expected = images_of(model(dict(noise=noise)))
    assert torch.equal(images_of(model(noise)), expected)
    by_call = model(dict(noise=lambda shape: noise.view(shape), num_batches=2))
    assert torch.equal(images_of(by_call), expected)
    assert torch.equal(by_call[1].noise, noise[1])
    for wrong, error, words in (
            (torch.randn(2, 3, 8, 9), ValueError,
             r'shape \[2, 3, 8, 9\], expected \[N, 3, 8, 8\]'),
            ('x', TypeError, 'noise is a str, expected a tensor')):
        with pytest.raises(error, match=words):
            model(dict(noise=wrong, num_batches=2))
    with pytest.raises(ValueError, match='num_batches'):
        model(dict())


def test_sampling_follows_the_random_state():
    model = build()
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(images_of(model(dict(num_batches=2))))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_the_noise_of_each_step_can_be_given():
    model = build()
    noise = torch.randn(2, 3, 8, 8)
    of_steps = torch.randn(T, 2, 3, 8, 8)

    def sample(of_steps):
        return images_of(model(dict(
            noise=noise, sample_kwargs=dict(timesteps_noise=of_steps))))

    first = sample(of_steps)
    assert torch.equal(first, sample(of_steps))
    assert not torch.equal(first, sample(of_steps.flip(0)))
    changed = of_steps.clone()
    changed[0] += 1  # the last step adds no noise
    assert torch.equal(first, sample(changed))
    with pytest.raises(ValueError, match=r'timesteps_noise has shape '
                       r'\[5, 2, 3, 8, 8\], expected \[20, 2, 3, 8, 8\]'):
        sample(of_steps[:5])


def test_sampling_is_the_chain_of_single_steps():
    model = build().eval()
    noise, of_steps = torch.randn(2, 3, 8, 8), torch.randn(T, 2, 3, 8, 8)
    x = noise
    with torch.no_grad():
        for step in reversed(range(T)):
            x = model.denoising_step(
                model.denoising, x, torch.full((2, ), step),
                noise=of_steps[step])
        found = model.ddpm_sampling(
            model.denoising, noise, timesteps_noise=of_steps)
    torch.testing.assert_close(found, x)


def test_few_steps_ask_the_network_about_their_true_timesteps():
    model = build(ema_config=None)
    seen = []
    model.denoising.register_forward_pre_hook(
        lambda module, args: seen.append(args[1].tolist()))
    model(dict(num_batches=2, sample_kwargs=dict(
        num_inference_steps=3, eta=0.0)))
    assert seen == [[19, 19], [10, 10], [0, 0]]


@pytest.mark.parametrize('eta', [None, 0.0, 1.0])
def test_steps_and_eta_of_the_model_and_of_the_call(eta):
    noise, of_steps = torch.randn(2, 3, 8, 8), torch.randn(5, 2, 3, 8, 8)
    of_model = build(num_inference_steps=5, eta=eta)
    of_call = build()
    kwargs = dict(timesteps_noise=of_steps)
    expected = images_of(of_model(dict(noise=noise, sample_kwargs=kwargs)))
    kwargs |= dict(num_inference_steps=5, eta=eta)
    found = images_of(of_call(dict(noise=noise, sample_kwargs=kwargs)))
    assert torch.equal(found, expected)
    again = images_of(of_model(dict(noise=noise, sample_kwargs=dict(
        timesteps_noise=-of_steps))))
    assert torch.equal(again, expected) == (eta == 0)


def test_clipping_can_be_left_out():
    model = build()
    images = images_of(model(dict(
        num_batches=4, sample_kwargs=dict(clip_denoised=False))))
    assert images.abs().max() > 1


def test_average_and_original_get_the_same_noise():
    model = build().eval()
    inputs = dict(num_batches=2, sample_model='ema/orig')
    samples = model(inputs)
    assert torch.equal(
        images_of(samples, 'ema'), images_of(samples, 'orig'))
    assert samples[0].ema.sample_model == 'ema'
    with torch.no_grad():
        model.denoising.out.conv.weight.mul_(2)
    samples = model(inputs)
    assert not torch.equal(
        images_of(samples, 'ema'), images_of(samples, 'orig'))
    noise, kwargs = torch.randn(2, 3, 8, 8), dict(eta=0.0)
    both, orig = (model(dict(noise=noise, sample_model=which,
                             sample_kwargs=kwargs))
                  for which in ('ema/orig', 'orig'))
    assert torch.equal(images_of(both, 'orig'), images_of(orig))


def test_sample_models_that_there_are_not():
    with pytest.raises(ValueError, match="sample_model='mean', expected one"):
        build()(dict(num_batches=1, sample_model='mean'))
    model = build(ema_config=None)
    assert not model.with_ema_gen
    assert model(dict(num_batches=1))[0].sample_model == 'orig'
    with pytest.raises(ValueError, match='no averaged generator'):
        model(dict(num_batches=1, sample_model='ema'))


def test_classes_are_given_or_drawn_and_returned():
    model = build(dict(num_classes=K), eta=0.0)
    noise = torch.randn(1, 3, 8, 8).expand(2, -1, -1, -1)
    samples = model(dict(noise=noise, labels=[2, 0]))
    assert [int(s.gt_label.label) for s in samples] == [2, 0]
    images = images_of(samples)
    assert not torch.equal(images[0], images[1])
    drawn = model(dict(num_batches=20))
    assert len({int(s.gt_label.label) for s in drawn}) == K
    assert 'gt_label' not in build()(dict(num_batches=1))[0]


def test_metainfo_of_given_samples_is_kept():
    given = GenDataSample(metainfo=dict(img_path='a.png'))
    sample, = build().val_step(
        dict(inputs=dict(num_batches=1), data_samples=[given]))
    assert sample.img_path == 'a.png'


def test_the_way_is_shown_from_the_noise_to_the_result():
    model = build()
    noise = torch.randn(2, 3, 8, 8)
    kwargs = dict(show_steps=3, num_inference_steps=10, eta=0.0)
    samples = model(dict(noise=noise, sample_kwargs=kwargs))
    assert [s.steps_done for s in samples] == [0, 5, 10] * 2
    images = images_of(samples).view(2, 3, 3, 8, 8)
    assert torch.equal(images[:, 0], noise)
    del kwargs['show_steps']
    result = images_of(model(dict(noise=noise, sample_kwargs=kwargs)))
    assert torch.equal(images[:, 2], result)
    way = list(model.denoise(dict(x=model.denoising_ema), noise, **kwargs))
    assert torch.equal(images[:, 1], way[5]['x'])
    single = model(dict(noise=noise, sample_kwargs=dict(
        kwargs, show_steps=1)))
    assert torch.equal(images_of(single), result)


# ------------------------------------------------- assembly, saving, copying


@pytest.mark.parametrize('settings, words', [
    (dict(denoising=dict(num_timesteps=30)),
     'num_timesteps=20, but the network has num_timesteps=30'),
    (dict(ddpm_loss=[dict(type='DDPMMSELoss')] * 2),
     'called loss_ddpm_mse, loss_ddpm_mse. Give each a loss_name'),
    (dict(num_inference_steps=21), 'num_inference_steps=21, expected 1 to'),
    (dict(num_inference_steps=0), 'num_inference_steps=0, expected 1 to'),
    (dict(betas_cfg=dict(type='linear')), 'betas from 0.005 to 1'),
])
def test_settings_that_do_not_fit(settings, words):
    with pytest.raises(ValueError, match=words):
        build(**settings)


def test_training_without_a_loss_says_what_is_missing():
    model = build(ddpm_loss=None)
    with pytest.raises(RuntimeError, match='no ddpm_loss to train with'):
        model.train_step(batch(), optimizers(model))


def test_losses_that_weigh_timesteps_get_the_samplers_weights():
    class Sampler(UniformTimeStepSampler):
        weight = torch.linspace(1, 2, T)

    model = build(
        timestep_sampler=Sampler(T),
        ddpm_loss=[
            dict(type='DDPMMSELoss', rescale_mode='timestep_weight'),
            dict(type='MSELoss', data_info=dict(
                pred='x_0_pred', target='real_imgs'))])
    assert torch.equal(model.ddpm_loss[0].weight, Sampler.weight)
    assert 'loss_mse' in model.train_step(batch(), optimizers(model))


def test_state_dict_round_trip_and_deepcopy():
    model = build()
    model.train_step(batch(), optimizers(model))
    other = build(randomise=False)
    other.load_state_dict(model.state_dict(), strict=True)
    inputs = dict(noise=torch.randn(2, 3, 8, 8), sample_model='ema/orig',
                  sample_kwargs=dict(eta=0.0))
    expected = model.eval()(inputs)
    for copied in (other.eval(), copy.deepcopy(model)):
        found = copied(inputs)
        for name in ('ema', 'orig'):
            assert torch.equal(
                images_of(found, name), images_of(expected, name))


def test_a_model_from_the_meta_device_works_once_it_is_loaded():
    model = build().eval()
    with torch.device('meta'):
        empty = MODELS.build(copy.deepcopy(config())).eval()
    assert empty.device.type == 'meta'
    empty.load_state_dict(model.state_dict(), strict=True, assign=True)
    noise = torch.randn(2, 3, 8, 8)
    inputs = dict(noise=noise, sample_kwargs=dict(eta=0.0))
    assert torch.equal(images_of(empty(inputs)), images_of(model(inputs)))
