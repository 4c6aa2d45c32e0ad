"""Formulas of a diffusion, against recorded numbers, Bayes and the papers."""
import math

import numpy as np
import pytest
import torch
from recorded_numbers import RecordedNumbers

from mmgen.models.base.diffusion_process import (DiffusionProcess,
                                                 cosine_betas, linear_betas,
                                                 make_betas)

T = 50


def images(values):
    """One value for each image, as ``[N, 1, 1, 1]``."""
    return torch.as_tensor(values, dtype=torch.float64).view(-1, 1, 1, 1)


def make_process(num_timesteps=T, schedule='cosine', **settings):
    betas = make_betas(dict(type=schedule), num_timesteps)
    return DiffusionProcess(betas, **settings).double()


@pytest.fixture(params=['linear', 'cosine'])
def process(request):
    return make_process(schedule=request.param)


# -------------------------------------------------------------- the schedules


@pytest.mark.parametrize('num_timesteps', [100, 1000, 4000])
@pytest.mark.parametrize('name, make', [
    ('linear', linear_betas), ('cosine', cosine_betas)])
def test_recorded_schedules(name, make, num_timesteps):
    numbers = RecordedNumbers('diffusion_pieces')
    betas = make(num_timesteps)
    assert betas.dtype == np.float64
    tag = f'{name}{num_timesteps}'
    numbers.check(f'{tag}/betas', torch.from_numpy(betas))
    numbers.check(f'{tag}/alphas_bar', torch.from_numpy(np.cumprod(1 - betas)))


def test_linear_schedule_is_that_of_ho():
    betas = linear_betas(1000)
    assert betas[0] == 1e-4 and betas[-1] == 0.02
    np.testing.assert_allclose(np.diff(betas), (0.02 - 1e-4) / 999)


def test_cosine_schedule_follows_its_curve_until_it_is_clipped():
    """Equation 17: alpha_bar_t = f(t) / f(0)."""
    betas = cosine_betas(100)
    f = np.cos((np.arange(101) / 100 + 0.008) / 1.008 * np.pi / 2)**2
    np.testing.assert_allclose(np.cumprod(1 - betas)[:99], (f / f[0])[1:100])
    assert betas[-1] == 0.999 and betas[-2] < 0.999
    assert cosine_betas(100, max_beta=0.5, s=0.1).max() == 0.5


@pytest.mark.parametrize('cfg, steps, words', [
    (dict(type='sqrt'), 10, "type='sqrt', expected one of 'linear', 'cosine'"),
    (dict(), 10, 'type=None, expected one of'),
    (dict(type='linear'), 20, 'betas from 0.005 to 1 for 20 timesteps'),
])
def test_schedules_that_make_no_sense(cfg, steps, words):
    with pytest.raises(ValueError, match=words):
        make_betas(cfg, steps)


# --------------------------------------------------------- towards the noise


def test_many_small_steps_are_one_large_one(process):
    """The chain of q(x_t | x_{t-1}) has the moments of q(x_t | x_0)."""
    betas = process.betas_float64
    mean, var = 0.7, 0.0
    for t in range(T):
        mean *= math.sqrt(1 - betas[t])
        var = (1 - betas[t]) * var + betas[t]
        step = torch.tensor([t])
        found, logvar = process.q_mean_log_variance(images(0.7), step)
        assert found.item() == pytest.approx(mean, rel=1e-5)
        assert logvar.exp().item() == pytest.approx(var, rel=1e-5)
        sample = process.q_sample(images(0.7), step, images(-1.3))
        assert sample.item() == pytest.approx(
            mean - 1.3 * math.sqrt(var), rel=1e-5)


@pytest.mark.parametrize('t', [1, 7, T - 1])
def test_posterior_is_bayes_rule(process, t):
    """p(x_{t-1} | x_t, x_0) ~ q(x_t | x_{t-1}) q(x_{t-1} | x_0), on a grid."""
    betas, x_0, x_t = process.betas_float64, 0.4, -0.6
    alphas_bar = np.cumprod(1 - betas)
    x = np.linspace(-8, 8, 400001)
    prior = (x - math.sqrt(alphas_bar[t - 1]) * x_0)**2 / (
        1 - alphas_bar[t - 1])
    likelihood = (x_t - math.sqrt(1 - betas[t]) * x)**2 / betas[t]
    log_density = -(prior + likelihood) / 2
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    mean = (density * x).sum()
    found = process.q_posterior(images(x_0), images(x_t), torch.tensor([t]))
    assert found['mean_posterior'].item() == pytest.approx(mean, abs=1e-5)
    var = (density * (x - mean)**2).sum()
    assert found['var_posterior'].item() == pytest.approx(var, rel=1e-4)
    assert found['logvar_posterior'].exp().item() == pytest.approx(
        var, rel=1e-4)


def test_posterior_of_the_first_step_is_the_image(process):
    found = process.q_posterior(images(0.4), images(3.0), torch.tensor([0]))
    assert found['mean_posterior'].item() == pytest.approx(0.4)
    assert found['var_posterior'].item() == 0
    later = process.q_posterior(images(0.4), images(3.0), torch.tensor([1]))
    assert found['logvar_posterior'] == later['logvar_posterior']


# -------------------------------------------------------- towards the image


def test_all_predictions_of_the_truth_agree(process):
    """Noise, image and previous step name the same thing."""
    t = torch.arange(T)
    x_0, noise = torch.rand(T, 2, 3, 3).double() * 2 - 1, torch.randn(
        T, 2, 3, 3).double()
    x_t = process.q_sample(x_0, t, noise)
    mean = process.q_posterior(x_0, x_t, t)['mean_posterior']
    truths = dict(eps_t_pred=noise, x_0_pred=x_0, x_tm1_pred=mean)
    for key, value in truths.items():
        for clip in (True, False):
            found = process.p_mean_variance({key: value}, x_t, t, clip)
            torch.testing.assert_close(
                found['x_0_pred'], x_0, rtol=1e-3, atol=1e-3)
            torch.testing.assert_close(
                found['mean_pred'], mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        process.pred_eps_from_x_0(x_0, x_t, t), noise, rtol=1e-4, atol=1e-4)


def test_mean_in_terms_of_the_noise_is_equation_11(process):
    betas, t = process.betas_float64, torch.tensor([9])
    eps, x_t = images(0.3), images(-0.8)
    found = process.p_mean_variance(dict(eps_t_pred=eps), x_t, t, False)
    rest = betas[9] / math.sqrt(1 - np.prod(1 - betas[:10]))
    expected = (-0.8 - rest * 0.3) / math.sqrt(1 - betas[9])
    assert found['mean_pred'].item() == pytest.approx(expected, rel=1e-5)


def test_clipping_keeps_the_image_in_range_and_moves_the_mean(process):
    t, x_t = torch.tensor([9]), images(0.5)
    output = dict(x_0_pred=images(1.7))
    clipped = process.p_mean_variance(output, x_t, t)
    assert clipped['x_0_pred'].item() == 1
    assert clipped['mean_pred'] == process.posterior_mean(images(1), x_t, t)
    free = process.p_mean_variance(output, x_t, t, clip_denoised=False)
    assert free['x_0_pred'].item() == 1.7


def variances(process, **output):
    t = torch.arange(T)
    output = {key: torch.full((T, 1, 1, 1), value).double()
              for key, value in output.items()}
    found = process.p_mean_variance(
        dict(x_0_pred=torch.zeros(T, 1, 1, 1), **output),
        torch.zeros(T, 1, 1, 1).double(), t)
    return found['var_pred'].flatten(), found['logvar_pred'].flatten()


def test_fixed_variances_have_the_right_index(process):
    """beta_t and beta_tilde_t of step t itself; of step 1 at step 0."""
    betas = process.betas_float64
    alphas_bar = np.cumprod(1 - betas)
    tilde = betas[1:] * (1 - alphas_bar[:-1]) / (1 - alphas_bar[1:])
    small, log_small = variances(process)
    np.testing.assert_allclose(small[1:], tilde, rtol=1e-5)
    assert small[0] == 0
    np.testing.assert_allclose(
        log_small, np.log(np.append(tilde[0], tilde)), rtol=1e-5)
    large, log_large = variances(
        DiffusionProcess(betas, 'fixed_large').double())
    np.testing.assert_allclose(
        large, np.append(tilde[0], betas[1:]), rtol=1e-5)
    np.testing.assert_allclose(log_large, large.log(), rtol=1e-4)


def test_learnt_range_is_between_the_fixed_variances(process):
    """Equation 15 of Nichol and Dhariwal, at both ends and in the middle."""
    _, low = variances(process, factor=0.0)
    _, middle = variances(process, factor=0.25)
    _, high = variances(process, factor=1.0)
    torch.testing.assert_close(low, variances(process)[1])
    np.testing.assert_allclose(
        high, np.log(process.betas_float64), rtol=1e-5)
    torch.testing.assert_close(middle, 0.75 * low + 0.25 * high)


def test_learnt_variance_is_taken_as_it_is(process):
    var, logvar = variances(process, logvar=-1.5)
    assert (logvar == -1.5).all()
    torch.testing.assert_close(var, logvar.exp())


def test_half_precision_outputs_are_computed_in_full(process):
    output = dict(x_0_pred=torch.full((1, 1, 1, 1), 0.5).bfloat16(),
                  factor=torch.zeros(1, 1, 1, 1).bfloat16())
    found = process.float().p_mean_variance(
        output, torch.zeros(1, 1, 1, 1), torch.tensor([3]))
    assert {value.dtype for value in found.values()} == {torch.float32}


# ------------------------------------------------------------------ sampling

# A world in which the best prediction is known: data N(MEAN, STD^2).
MEAN, STD = 0.3, 0.2


def best_eps(process, x_t, t):
    """E[noise | x_t] for Gaussian data."""
    a = process.sqrt_alphas_bar[t].view(-1, 1, 1, 1)
    s = process.sqrt_one_minus_alphas_bar[t].view(-1, 1, 1, 1)
    return s * (x_t - a * MEAN) / (a**2 * STD**2 + s**2)


def predicted(process, x_t, step):
    t = torch.full((len(x_t), ), step)
    output = dict(eps_t_pred=best_eps(process, x_t, t))
    return process.p_mean_variance(output, x_t, t, clip_denoised=False), t


def go_back(process, x_t, take):
    for step in reversed(range(process.num_timesteps)):
        prediction, t = predicted(process, x_t, step)
        x_t = take(prediction, x_t, t)
    return x_t


def moments(process, take):
    """Mean and variance of the result, exact: every step is affine in x_t
    and in its own noise."""
    mean, var = 0.0, 1.0
    for step in reversed(range(process.num_timesteps)):
        x_t = images([0.0, 1.0, 0.0])
        noise = images([0.0, 0.0, 1.0])
        prediction, t = predicted(process, x_t, step)
        base, along, drawn = take(prediction, x_t, t, noise).flatten().tolist()
        mean = base + (along - base) * mean
        var = (along - base)**2 * var + (drawn - base)**2
    return mean, var


def ddpm(process):
    return lambda prediction, x_t, t, noise: process.ddpm_step(
        prediction, t, noise)


def ddim(process, eta):
    return lambda prediction, x_t, t, noise: process.ddim_step(
        prediction, x_t, t, noise, eta)


def test_ddim_with_eta_1_has_the_moments_of_ddpm(process):
    assert moments(process, ddim(process, 1.0)) == pytest.approx(
        moments(process, ddpm(process)), rel=1e-4)


@pytest.mark.parametrize('eta', [0.0, 1.0])
def test_many_steps_make_the_data_again(eta):
    process = make_process(1000)
    mean, var = moments(process, ddim(process, eta))
    assert mean == pytest.approx(MEAN, abs=0.003)
    assert math.sqrt(var) == pytest.approx(STD, rel=0.03)


def test_each_step_of_ddim_keeps_the_marginal_of_x_t(process):
    """With the true image: x_{t-1} ~ q(x_{t-1} | x_0), whatever eta is."""
    t = torch.tensor([20])
    for eta in (0.0, 0.4, 1.0):
        def step(start_noise, noise):
            x_t = process.q_sample(images(0.7), t, images(start_noise))
            prediction = dict(x_0_pred=images(0.7))
            return process.ddim_step(
                prediction, x_t, t, images(noise), eta).item()
        base = step(0, 0)
        var = (step(1, 0) - base)**2 + (step(0, 1) - base)**2
        mean, logvar = process.q_mean_log_variance(
            images(0.7), torch.tensor([19]))
        assert base == pytest.approx(mean.item(), rel=1e-5)
        assert var == pytest.approx(logvar.exp().item(), rel=1e-5)


def test_eta_0_needs_no_noise_and_can_be_inverted():
    """Stepping forward along the same predictions gives the noise back."""
    process = make_process(1000)
    noise = torch.randn(4, 1, 1, 1).double()
    image = go_back(process, noise, lambda prediction, x_t, t:
                    process.ddim_step(prediction, x_t, t, None, 0.0))
    again = go_back(process, noise, lambda prediction, x_t, t:
                    process.ddim_step(
                        prediction, x_t, t, torch.randn_like(x_t), 0.0))
    assert torch.equal(image, again)
    x_t = image
    for step in range(process.num_timesteps):
        # The noise of the level below, as for small steps it hardly changes.
        t = torch.full((4, ), max(step - 1, 0))
        eps = best_eps(process, x_t, t) if step else torch.zeros_like(x_t)
        x_0 = process.pred_x_0_from_eps(eps, x_t, t) if step else x_t
        x_t = process.q_sample(x_0, torch.full((4, ), step), eps)
    torch.testing.assert_close(x_t, noise, rtol=0.05, atol=0.05)


# ------------------------------------------------------------------ respacing


def test_respaced_steps_are_even_and_have_the_noise_of_the_full_ones(process):
    short = process.respaced(8)
    assert short.timesteps.tolist() == [0, 7, 14, 21, 28, 35, 42, 49]
    for name in ('sqrt_alphas_bar', 'sqrt_one_minus_alphas_bar'):
        torch.testing.assert_close(
            getattr(short, name).double(),
            getattr(process, name)[short.timesteps], rtol=1e-5, atol=1e-6)


def test_respaced_posterior_is_that_of_the_steps_between(process):
    """Two steps back at once, by the Gaussian formula for two in a row."""
    short = process.respaced(25).double()
    t = torch.tensor([12])
    now, before = short.timesteps[12], short.timesteps[11]
    alphas_bar = np.cumprod(1 - process.betas_float64)
    alpha = alphas_bar[now] / alphas_bar[before]
    tilde = (1 - alpha) * (1 - alphas_bar[before]) / (1 - alphas_bar[now])
    found = short.q_posterior(images(0.5), images(-0.2), t)
    assert found['var_posterior'].item() == pytest.approx(tilde, rel=1e-4)


def test_respacing_again_and_its_ends(process):
    assert process.respaced(T) is process
    assert process.respaced(1).timesteps.tolist() == [T - 1]
    assert process.respaced(2).timesteps.tolist() == [0, T - 1]
    assert DiffusionProcess(
        process.betas_float64, 'fixed_large').respaced(5).var_mode \
        == 'fixed_large'
    for steps in (0, T + 1):
        with pytest.raises(ValueError, match=f'num_inference_steps={steps}, '
                           'expected 1 to the 50 steps'):
            process.respaced(steps)


def test_one_step_leads_to_the_prediction(process):
    one = process.respaced(1).double()
    prediction, t = dict(
        mean_pred=images(0.2), x_0_pred=images(0.2),
        logvar_pred=images(0.0)), torch.tensor([0])
    noise = images(5.0)
    assert one.ddpm_step(prediction, t, noise).item() == 0.2
    assert one.ddim_step(prediction, images(1.0), t, noise, 1.0).item() \
        == pytest.approx(0.2)


# -------------------------------------------------------------------- tables


def test_tables_are_no_part_of_a_checkpoint_and_survive_the_meta_device():
    assert not make_process().state_dict()
    with torch.device('meta'):
        process = DiffusionProcess(linear_betas(T))
    assert process.sqrt_alphas_bar.device.type == 'cpu'
    assert process.sqrt_alphas_bar.dtype == torch.float32
    expected = np.sqrt(np.cumprod(1 - linear_betas(T)))
    np.testing.assert_allclose(process.sqrt_alphas_bar, expected, rtol=1e-7)
