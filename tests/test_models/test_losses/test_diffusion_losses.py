"""Losses of diffusion models: recorded numbers, torch's own, closed forms."""
import math

import pytest
import torch
from golden_numbers import GoldenCase
from recorded_numbers import RecordedNumbers
from torch.distributions import Normal, kl_divergence

from mmgen.models.losses import (DDPMMSELoss, DDPMVLBLoss,
                                 DiscretizedGaussianLogLikelihoodLoss,
                                 GaussianKLDLoss,
                                 discretized_gaussian_log_likelihood,
                                 gaussian_kld)
from mmgen.models.losses.diffusion import approximate_cdf

LOSS = 1e-4


@pytest.fixture(scope='module')
def case():
    return GoldenCase('ddpm_losses')


@pytest.fixture
def outputs(case):
    a, b, lv1, lv2, x = (case.input(key)
                         for key in ('a', 'b', 'lv1', 'lv2', 'x'))
    return dict(
        timesteps=case.input('t'), real_imgs=x, eps_t_pred=a, noise=b,
        mean_pred=b, mean_posterior=a, logvar_pred=lv2, logvar_posterior=lv1)


# -------------------------------------------------------------- the formulas


@pytest.mark.parametrize('base', ['e', '2'])
@pytest.mark.parametrize(
    'reduction', ['none', 'mean', 'sum', 'batchmean', 'flatmean'])
def test_recorded_numbers(case, base, reduction):
    a, b, lv1, lv2, x = (case.input(key)
                         for key in ('a', 'b', 'lv1', 'lv2', 'x'))
    how = dict(base=base, reduction=reduction)
    case.check(
        f'kld_{base}_{reduction}', gaussian_kld(a, b, lv1, lv2, **how), LOSS)
    case.check(
        f'dgll_{base}_{reduction}',
        discretized_gaussian_log_likelihood(x, b, lv1, **how), LOSS)


def test_divergence_is_that_of_torch():
    a, b, lv1, lv2 = torch.randn(4, 3, 2, 5)
    target, pred = Normal(a, (lv1 / 2).exp()), Normal(b, (lv2 / 2).exp())
    torch.testing.assert_close(
        gaussian_kld(a, b, lv1, lv2, reduction='none'),
        kl_divergence(target, pred))
    assert gaussian_kld(a, a, lv1, lv1, reduction='none').abs().max() < 1e-6
    torch.testing.assert_close(
        gaussian_kld(a, b, lv1, lv2, base='2') * math.log(2),
        gaussian_kld(a, b, lv1, lv2))


def test_approximate_distribution_function():
    numbers = RecordedNumbers('diffusion_pieces')
    numbers.check('approx_cdf', approximate_cdf(numbers.input('a')))
    x = torch.linspace(-6, 6, 1001, dtype=torch.double)
    error = approximate_cdf(x) - Normal(0, 1).cdf(x)
    assert error.abs().max() < 0.0004


def test_levels_are_all_there_is():
    """The probabilities of the 256 levels add up to 1."""
    levels = torch.arange(256, dtype=torch.double)[:, None] / 127.5 - 1
    for mean, logvar in ((0.1, -3.0), (-0.9, 0.0), (1.2, 2.0)):
        logs = discretized_gaussian_log_likelihood(
            levels, torch.full_like(levels, mean),
            torch.full_like(levels, logvar), reduction='none')
        assert logs.exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_a_level_is_an_interval_of_the_gaussian():
    level, mean, std = 40 / 127.5 - 1, -0.5, 0.4
    normal = Normal(mean, std)
    expected = normal.cdf(torch.tensor(level + 1 / 255)) - normal.cdf(
        torch.tensor(level - 1 / 255))
    found = discretized_gaussian_log_likelihood(*(
        torch.tensor([[value]]) for value in (level, mean, 2 * math.log(std))))
    assert found.exp().item() == pytest.approx(expected.item(), rel=0.01)


def test_hopeless_predictions_stay_finite_and_have_gradients():
    mean = torch.full((1, 1), 1e4, requires_grad=True)
    logvar = torch.full((1, 1), -14.0, requires_grad=True)
    loss = -discretized_gaussian_log_likelihood(
        torch.zeros(1, 1), mean, logvar)
    loss.backward()
    assert loss.item() == pytest.approx(-math.log(1e-12))
    assert torch.isfinite(mean.grad).all() and torch.isfinite(logvar.grad).all()


def test_unknown_base_is_refused():
    x = torch.zeros(1, 1)
    with pytest.raises(ValueError, match="base='10', expected 'e' or '2'"):
        gaussian_kld(x, x, x, x, base='10')
    with pytest.raises(ValueError, match="base='10', expected 'e' or '2'"):
        GaussianKLDLoss(base='10')


# --------------------------------------------------------------- the modules


def test_modules_are_the_functions_with_a_weight(outputs):
    kld = GaussianKLDLoss(
        loss_weight=3.0, reduction='flatmean', base='2',
        data_info=dict(
            mean_target='mean_posterior', mean_pred='mean_pred',
            logvar_target='logvar_posterior', logvar_pred='logvar_pred'))
    expected = gaussian_kld(
        outputs['mean_posterior'], outputs['mean_pred'],
        outputs['logvar_posterior'], outputs['logvar_pred'], base='2',
        reduction='flatmean')
    torch.testing.assert_close(kld(outputs), 3 * expected)
    nll = DiscretizedGaussianLogLikelihoodLoss(loss_weight=-1.0)
    x, mean, logvar = (outputs[key] for key in (
        'real_imgs', 'mean_pred', 'logvar_pred'))
    torch.testing.assert_close(
        nll(x, mean, logvar),
        -discretized_gaussian_log_likelihood(x, mean, logvar))
    assert kld.loss_name == 'loss_GaussianKLD'
    assert nll.loss_name == 'loss_DiscGaussianLogLikelihood'


@pytest.mark.parametrize('only_update_var', [True, False])
def test_gradient_through_the_mean_can_be_stopped(only_update_var):
    mean, logvar = torch.randn(2, 1, 3, requires_grad=True).unbind()
    mean.retain_grad(), logvar.retain_grad()
    settings = dict(only_update_var=only_update_var)
    zero = torch.zeros(1, 3)
    (GaussianKLDLoss(**settings)(zero, mean, zero, logvar)
     + DiscretizedGaussianLogLikelihoodLoss(**settings)(zero, mean, logvar)
     ).backward()
    assert (mean.grad is None) == only_update_var
    assert logvar.grad.all()


# ---------------------------------------------------- losses of a whole step

SETTINGS = dict(
    plain={}, red=dict(reduction='flatmean'),
    const=dict(rescale_mode='constant', rescale_cfg=dict(scale=4.0)))


@pytest.mark.parametrize('name', SETTINGS)
def test_recorded_steps(case, outputs, name):
    case.check(f'vlb_{name}', DDPMVLBLoss(**SETTINGS[name])(outputs), LOSS)
    case.check(f'mse_mod_{name}', DDPMMSELoss(**SETTINGS[name])(outputs), LOSS)


def test_bound_takes_the_likelihood_at_step_0_alone(outputs):
    """In bits for each value."""
    found = DDPMVLBLoss(reduction='none')(outputs)
    how = dict(base='2', reduction='flatmean')
    kld = gaussian_kld(
        outputs['mean_posterior'], outputs['mean_pred'],
        outputs['logvar_posterior'], outputs['logvar_pred'], **how)
    nll = -discretized_gaussian_log_likelihood(
        outputs['real_imgs'], outputs['mean_pred'], outputs['logvar_pred'],
        **how)
    torch.testing.assert_close(found, torch.stack([nll[0], kld[1], kld[2]]))


def test_bound_gives_no_gradient_to_the_mean(outputs):
    for key in ('mean_pred', 'logvar_pred'):
        outputs[key] = outputs[key].clone().requires_grad_()
    DDPMVLBLoss()(outputs).backward()
    assert outputs['mean_pred'].grad is None
    assert outputs['logvar_pred'].grad.flatten(1).any(1).all()


def test_timesteps_can_be_weighed(case, outputs):
    weight = case.input('timestep_weight')
    loss = DDPMMSELoss(rescale_mode='timestep_weight', weight=weight)
    case.check('mse_mod_timestep_weight', loss(outputs), LOSS)
    single = DDPMMSELoss(reduction='none')(outputs)
    scaled = DDPMMSELoss(
        rescale_mode='timestep_weight', rescale_cfg=dict(scale=2.0),
        weight=weight.tolist(), reduction='none')
    torch.testing.assert_close(
        scaled(outputs), single * 2 * torch.tensor([1.0, 4.0, 10.0]))
    assert not scaled.state_dict()

    class Sampler:
        weight = torch.full((10, ), 0.5)

    of_sampler = DDPMMSELoss(
        rescale_mode='timestep_weight', sampler=Sampler(), reduction='sum')
    torch.testing.assert_close(of_sampler(outputs), single.sum() / 2)


def test_quarters_are_logged_where_there_are_images(outputs):
    loss = DDPMMSELoss(
        rescale_mode='constant', rescale_cfg=dict(scale=2.0),
        log_cfgs=[dict(type='quartile', prefix_name='loss_mse',
                       total_timesteps=12), dict(type='name')])
    outputs['timesteps'] = torch.tensor([0, 2, 9])
    single = DDPMMSELoss(reduction='none')(outputs)
    log = loss.logs(outputs)
    assert set(log) == {
        'loss_mse_quartile_0', 'loss_mse_quartile_3', 'loss_ddpm_mse'}
    torch.testing.assert_close(
        log['loss_mse_quartile_0'], single[0] + single[1])
    torch.testing.assert_close(log['loss_mse_quartile_3'], 2 * single[2])
    torch.testing.assert_close(log['loss_ddpm_mse'], loss(outputs))
    named = DDPMVLBLoss(log_cfgs=dict(type='name', prefix_name='bits'))
    torch.testing.assert_close(named.logs(outputs)['bits'], named(outputs))
    assert not DDPMMSELoss().logs(outputs)


@pytest.mark.parametrize('settings, words', [
    (dict(rescale_mode='linear'), "rescale_mode='linear', expected"),
    (dict(rescale_mode='timestep_weight'), 'needs weight, or a sampler'),
    (dict(reduction='max'), "reduction='max', expected one of"),
    (dict(log_cfgs=dict(type='median')), "type='median', expected 'quartile'"),
])
def test_settings_that_are_not_understood(settings, words):
    with pytest.raises(ValueError, match=words):
        DDPMMSELoss(**settings)


def test_missing_output_is_named(outputs):
    del outputs['noise']
    with pytest.raises(ValueError, match="DDPMMSELoss: data_info takes target "
                       "from 'noise', but the outputs have only eps_t_pred"):
        DDPMMSELoss()(outputs)
