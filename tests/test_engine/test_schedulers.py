import copy

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmgen.engine.schedulers import (CosineBeta2, LinearLrInterval,
                                     fill_schedulers)
from mmgen.registry import PARAM_SCHEDULERS
from torch import nn


def _optim_wrapper(lr=0.5, **kwargs):
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    return OptimWrapper(torch.optim.SGD(model.parameters(), lr=lr, **kwargs))


def _run(wrapper, scheduler, iters):
    """The rate that each iteration uses."""
    rates = []
    for _ in range(iters):
        rates.append(wrapper.param_groups[0]['lr'])
        wrapper.update_params(
            sum((p**2).sum() for p in wrapper.param_groups[0]['params']))
        scheduler.step()
    return rates


STAIRCASE = dict(
    interval=2, start_factor=0.4, end_factor=0.1, begin=3, end=9)
# By hand: 0.5 before 3; then 0.4, 0.3, 0.2 for two iterations each; from 9
# on 0.1.
RATES = [0.5] * 3 + [0.4, 0.4, 0.3, 0.3, 0.2, 0.2] + [0.1] * 3


def test_staircase_has_the_values_written_by_hand():
    wrapper = _optim_wrapper()
    rates = _run(wrapper, LinearLrInterval(wrapper, **STAIRCASE), 12)
    assert rates == pytest.approx(RATES, abs=1e-15)
    # The corners are exact, not only close.
    assert rates[0] == 0.5 and rates[3] == 0.4 and rates[9] == 0.1


def test_published_decay_ends_at_exactly_zero():
    wrapper = _optim_wrapper(lr=2e-4)
    scheduler = LinearLrInterval(
        wrapper,
        interval=4,
        start_factor=0.0002,
        end_factor=0,
        begin=0,
        end=400)
    rates = _run(wrapper, scheduler, 401)
    assert rates[0] == 2e-4
    assert rates[396:400] == pytest.approx([2e-6] * 4)
    assert rates[400] == 0
    assert min(rates[:400]) == pytest.approx(2e-6)


def test_last_step_is_shorter_when_interval_does_not_divide():
    wrapper = _optim_wrapper()
    scheduler = LinearLrInterval(
        wrapper, interval=3, start_factor=1.0, end_factor=0.5, begin=0, end=5)
    assert _run(wrapper, scheduler, 7) == pytest.approx(
        [1, 1, 1, 0.7, 0.7, 0.5, 0.5])


@pytest.mark.parametrize('stop', range(1, 12))
def test_resume_anywhere_gives_the_same_rates(stop):
    wrapper = _optim_wrapper()
    scheduler = LinearLrInterval(wrapper, **STAIRCASE)
    rates = _run(wrapper, scheduler, stop)
    saved = copy.deepcopy((wrapper.state_dict(), scheduler.state_dict()))

    wrapper = _optim_wrapper()
    scheduler = LinearLrInterval(wrapper, **STAIRCASE)
    wrapper.load_state_dict(saved[0])
    scheduler.load_state_dict(saved[1])
    rates += _run(wrapper, scheduler, 12 - stop)

    whole = _optim_wrapper()
    assert rates == _run(whole, LinearLrInterval(whole, **STAIRCASE), 12)


def test_group_with_its_own_rate_keeps_its_ratio():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    wrapper = OptimWrapper(
        torch.optim.SGD([
            dict(params=first.parameters()),
            dict(params=second.parameters(), lr=0.05)
        ],
                        lr=0.5))
    LinearLrInterval(wrapper, start_factor=0.2, end_factor=0, end=10)
    assert wrapper.get_lr()['lr'] == pytest.approx([0.2, 0.02])
    assert wrapper.get_lr()['base_lr'] == [0.2]


@pytest.mark.parametrize('change, words', [
    (dict(interval=0), 'interval=0, expected a number of iterations'),
    (dict(start_factor=-1e-4), 'start_factor=-0.0001 is negative'),
    (dict(end=3), 'end=3 is not after begin=3'),
])
def test_nonsense_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        LinearLrInterval(_optim_wrapper(), **{**STAIRCASE, **change})


def _betas(wrapper, scheduler, iters):
    """The betas that each iteration uses."""
    found = []
    for _ in range(iters):
        found.append(wrapper.param_groups[0]['betas'])
        wrapper.step()
        scheduler.step()
    return found


def _adam():
    return OptimWrapper(
        torch.optim.Adam(nn.Linear(2, 2).parameters(), betas=(0.5, 0.9)))


def test_second_beta_goes_along_a_cosine():
    wrapper = _adam()
    found = _betas(wrapper, CosineBeta2(wrapper, end_value=0.99, end=4), 7)
    half = 0.045 * 2**-0.5
    assert [beta2 for _, beta2 in found] == pytest.approx(
        [0.9, 0.945 - half, 0.945, 0.945 + half, 0.99, 0.99, 0.99])
    assert {beta1 for beta1, _ in found} == {0.5}


def test_second_beta_is_resumed():
    straight = _adam()
    expected = _betas(
        straight, CosineBeta2(straight, end_value=0.99, end=6), 8)
    first = _adam()
    scheduler = CosineBeta2(first, end_value=0.99, end=6)
    _betas(first, scheduler, 3)
    second = _adam()
    resumed = CosineBeta2(second, end_value=0.99, end=6)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    resumed.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    assert _betas(second, resumed, 5) == expected[3:]


def test_second_beta_is_one():
    with pytest.raises(ValueError, match='CosineBeta2: end_value=1, expected'):
        CosineBeta2(_adam(), end_value=1, end=4)


def test_schedulers_of_mmengine_count_iterations_here():
    for name in ('LinearLR', 'CosineAnnealingLR', 'PolyLR', 'ConstantLR',
                 'ExponentialLR', 'MultiStepLR', 'StepLR', 'ConstantMomentum'):
        assert PARAM_SCHEDULERS.module_dict[name].__name__ == name
    wrapper = _optim_wrapper()
    cfg = dict(type='MultiStepLR', milestones=[2, 4], gamma=0.1)
    scheduler = PARAM_SCHEDULERS.build(
        cfg, default_args=dict(optimizer=wrapper, epoch_length=7))
    assert not scheduler.by_epoch
    assert _run(wrapper, scheduler, 6) == pytest.approx(
        [0.5, 0.5, 0.05, 0.05, 0.005, 0.005])


def test_by_epoch_can_be_asked_for():
    build = dict(optimizer=_optim_wrapper(), epoch_length=7)
    scheduler = PARAM_SCHEDULERS.build(
        dict(type='LinearLR', by_epoch=True, end=3), default_args=build)
    assert scheduler.by_epoch
    scheduler = PARAM_SCHEDULERS.build(
        dict(type='LinearLR', convert_to_iter_based=True, end=3),
        default_args=build)
    assert not scheduler.by_epoch and scheduler.end == 21


def test_optimizer_left_out_gets_no_scheduler():
    cfg = dict(generator=dict(type='LinearLR', end=10))
    filled = fill_schedulers(cfg, ['generator', 'discriminator'])
    assert filled == dict(
        generator=dict(type='LinearLR', end=10, by_epoch=False),
        discriminator=[])
    assert cfg == dict(generator=dict(type='LinearLR', end=10))


def test_one_scheduler_or_a_list_stays_one_for_all():
    assert fill_schedulers(None, ['generator']) is None
    assert fill_schedulers(
        dict(type='StepLR', step_size=2), ['generator']) == dict(
            type='StepLR', step_size=2, by_epoch=False)
    both = [
        dict(type='LinearLR', by_epoch=True),
        dict(type='LinearLR', convert_to_iter_based=True)
    ]
    assert fill_schedulers(both, ['generator']) == both


def test_scheduler_for_an_unknown_optimizer_is_refused():
    with pytest.raises(
            ValueError,
            match='no optimizer "gen"; optim_wrapper has generator, '
            'discriminator'):
        fill_schedulers(
            dict(gen=dict(type='LinearLR')), ['generator', 'discriminator'])
