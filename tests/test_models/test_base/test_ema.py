"""The averaged weights follow their formula."""
import pytest
import torch
from torch import nn

from mmgen.models.base.ema import (CosineRampEMA, ExponentialMovingAverage,
                                   RampUpEMA)


def net(value, buffer=0.0):
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, value)
    module.register_buffer('running', torch.tensor(buffer))
    module.register_buffer('count', torch.tensor(int(value)))
    return module


def test_average_after_three_updates():
    ema = ExponentialMovingAverage(net(9.0), momentum=0.1)
    for value in (1.0, 2.0, 3.0):
        ema.update_parameters(net(value))
    # the first copies 1; then 0.9 * 1 + 0.1 * 2, then 0.9 * 1.1 + 0.1 * 3
    assert ema.module.weight.item() == pytest.approx(1.29)
    assert ema.steps == 3


def test_large_momentum_is_the_decay():
    ema = ExponentialMovingAverage(net(0.0), momentum=0.9999)
    assert ema.momentum == pytest.approx(1e-4, rel=1e-9)


@pytest.mark.parametrize('momentum', [0.0, 1.0, -0.1, 2.0])
def test_momentum_outside_is_refused(momentum):
    with pytest.raises(ValueError, match=r'outside of \(0, 1\)'):
        ExponentialMovingAverage(net(0.0), momentum=momentum)


@pytest.mark.parametrize('update_buffers, running', [(False, 2.0),
                                                     (True, 1.1)])
def test_buffers(update_buffers, running):
    ema = ExponentialMovingAverage(
        net(0.0), momentum=0.1, update_buffers=update_buffers)
    ema.update_parameters(net(1.0, buffer=1.0))
    ema.update_parameters(net(2.0, buffer=2.0))
    assert ema.module.running.item() == pytest.approx(running)
    assert ema.module.count == 2  # not a floating-point number: copied


def test_interval_skips_updates():
    ema = ExponentialMovingAverage(net(0.0), momentum=0.5, interval=2)
    for value in (0.0, 8.0, 4.0):
        ema.update_parameters(net(value))
    assert ema.module.weight.item() == 2.0


def test_keys_are_those_of_1x():
    keys = set(ExponentialMovingAverage(net(0.0)).state_dict())
    assert keys == {'steps', 'module.weight', 'module.running', 'module.count'}


def test_model_is_not_touched_by_its_average():
    model = net(1.0)
    ema = ExponentialMovingAverage(model)
    ema.update_parameters(net(5.0))
    assert model.weight.item() == 1.0
    assert not ema.module.weight.requires_grad
    assert model.weight.requires_grad


def test_ramp_up_half_life():
    ema = RampUpEMA(net(0.0), ema_kimg=1, ema_rampup=0.5, batch_size=100)
    ema.steps.fill_(4)  # 400 images shown: half-life 200 images
    assert 1 - ema.current_momentum() == pytest.approx(0.5**0.5)
    ema.steps.fill_(100)  # 10000 shown: the full half-life of 1000 images
    assert 1 - ema.current_momentum() == pytest.approx(0.5**0.1)


def test_ramp_up_forgets_at_the_start():
    ema = RampUpEMA(net(0.0))
    assert ema.current_momentum() == 1.0


def test_half_life_along_a_cosine():
    ema = CosineRampEMA(net(0.0), ema_kimg=1, ramp_kimg=40, batch_size=100)
    assert ema.current_momentum() == 1.0
    ema.steps.fill_(200)  # half of the ramp: half-life 500 images
    assert 1 - ema.current_momentum() == pytest.approx(0.5**0.2)
    ema.steps.fill_(1000)  # the full half-life of 1000 images
    assert 1 - ema.current_momentum() == pytest.approx(0.5**0.1)
