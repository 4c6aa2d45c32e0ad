import copy
from collections import OrderedDict

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper
from mmgen.engine.amp import AmpOptimWrapper, convert_to_amp
from mmgen.registry import OPTIM_WRAPPERS
from torch import nn


def _model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))


def _batches(count):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(count, 5, 6, generator=generator)


def _adam(model, **kwargs):
    return torch.optim.Adam(model.parameters(), lr=0.01, **kwargs)


def _train(model, wrapper, batches):
    for batch in batches:
        with wrapper.optim_context(model):
            out = model(batch)
        wrapper.update_params(out.float().pow(2).mean())


def _train_plainly(model, batches, dtype, scale, fused=None):
    """What the wrapper should do: accumulate two, clip to 0.1, step."""
    optimizer = _adam(model, fused=fused)
    for i, batch in enumerate(batches):
        with torch.autocast('cpu', dtype=dtype):
            out = model(batch)
        loss = out.float().pow(2).mean() / 2
        (loss * scale).backward()
        if i % 2:
            for p in model.parameters():
                p.grad /= scale
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad()


@pytest.mark.parametrize('dtype, loss_scale, scale', [
    ('bfloat16', 'dynamic', 1),
    ('float16', 'dynamic', 2.**16),
    ('float16', 512, 512),
    ('float16', 512., 512),
    ('float16', dict(init_scale=1024., growth_interval=1000), 1024),
])
@pytest.mark.parametrize('fused', [None, True])
def test_steps_equal_those_of_a_plain_loop(dtype, loss_scale, scale, fused):
    model, reference = _model(), _model()
    wrapper = AmpOptimWrapper(
        optimizer=_adam(model, fused=fused),
        dtype=dtype,
        loss_scale=loss_scale,
        accumulative_counts=2,
        clip_grad=dict(max_norm=0.1))
    _train(model, wrapper, _batches(8))
    _train_plainly(reference, _batches(8), getattr(torch, dtype), scale)
    for got, expected in zip(model.parameters(), reference.parameters()):
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
def test_forward_runs_in_the_dtype(dtype):
    model = _model()
    wrapper = AmpOptimWrapper(optimizer=_adam(model), dtype=dtype)
    with wrapper.optim_context(model):
        assert model(_batches(1)[0]).dtype == getattr(torch, dtype)
    assert model(_batches(1)[0]).dtype == torch.float32


def test_float32_is_training_without_autocast():
    model, reference = _model(), _model()
    _train(model, AmpOptimWrapper(optimizer=_adam(model), dtype='float32'),
           _batches(3))
    _train(reference, OptimWrapper(_adam(reference)), _batches(3))
    for got, expected in zip(model.parameters(), reference.parameters()):
        assert torch.equal(got, expected)


def test_cpu_default_is_bfloat16_without_loss_scaling():
    wrapper = AmpOptimWrapper(optimizer=_adam(_model()))
    assert wrapper.cast_dtype == torch.bfloat16
    assert not wrapper.loss_scaler.is_enabled()


@pytest.mark.gpu
def test_gpu_default_is_float16_with_loss_scaling():
    wrapper = AmpOptimWrapper(optimizer=_adam(_model().cuda()))
    assert wrapper.cast_dtype == torch.float16
    assert wrapper.loss_scaler.is_enabled()


def test_step_with_infinite_gradients_is_left_out_and_the_scale_falls():
    model = _model()
    before = copy.deepcopy(model.state_dict())
    wrapper = AmpOptimWrapper(
        optimizer=_adam(model, fused=True), dtype='float16')
    wrapper.update_params(model(_batches(1)[0]).sum() * float('inf'))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert wrapper.loss_scaler.get_scale() == 2.**15


def test_training_continues_exactly_after_save_and_load():
    def build(model):
        return AmpOptimWrapper(
            optimizer=_adam(model, fused=True),
            dtype='float16',
            loss_scale=dict(init_scale=256., growth_interval=2))

    whole = _model()
    wrapper = build(whole)
    _train(whole, wrapper, _batches(7)[:3])
    saved = copy.deepcopy((whole.state_dict(), wrapper.state_dict()))
    assert saved[1]['loss_scaler']['scale'] == 512
    _train(whole, wrapper, _batches(7)[3:])

    resumed = _model()
    resumed_wrapper = build(resumed)
    resumed.load_state_dict(saved[0])
    resumed_wrapper.load_state_dict(saved[1])
    _train(resumed, resumed_wrapper, _batches(7)[3:])
    for got, expected in zip(resumed.parameters(), whole.parameters()):
        assert torch.equal(got, expected)
    assert (resumed_wrapper.loss_scaler.state_dict() ==
            wrapper.loss_scaler.state_dict())


def test_bfloat16_run_continues_in_float16():
    model = _model()
    saved = AmpOptimWrapper(
        optimizer=_adam(model), dtype='bfloat16').state_dict()
    wrapper = AmpOptimWrapper(
        optimizer=_adam(model), dtype='float16', loss_scale=512)
    wrapper.load_state_dict(saved)
    assert wrapper.loss_scaler.get_scale() == 512
    assert 'loss_scaler' in saved, 'the given state dict was changed'


def test_registry_gives_this_wrapper():
    wrapper = OPTIM_WRAPPERS.build(
        dict(type='AmpOptimWrapper', optimizer=_adam(_model())))
    assert type(wrapper) is AmpOptimWrapper


@pytest.mark.parametrize('kwargs, error, words', [
    (dict(dtype='half'), ValueError, "dtype='half', expected one of float16"),
    (dict(dtype=torch.float64), ValueError, "dtype='float64'"),
    (dict(loss_scale='auto'), TypeError, "loss_scale='auto', expected"),
    (dict(loss_scale=True), TypeError, 'loss_scale=True, expected'),
    (dict(use_fsdp=True), ValueError, 'use_fsdp=True, but FSDP'),
])
def test_nonsense_is_refused(kwargs, error, words):
    with pytest.raises(error, match=words):
        AmpOptimWrapper(optimizer=_adam(_model()), **kwargs)


ADAM = dict(type='Adam', lr=0.1)


def test_single_wrapper_is_converted():
    cfg = dict(optimizer=ADAM, accumulative_counts=2)
    assert convert_to_amp(cfg) == dict(
        type='AmpOptimWrapper', optimizer=ADAM, accumulative_counts=2)
    assert 'type' not in cfg


def test_each_wrapper_of_any_constructor_is_converted():
    cfg = ConfigDict(
        constructor='PGGANOptimWrapperConstructor',
        generator=dict(type='OptimWrapper', optimizer=ADAM),
        discriminator=dict(
            type='AmpOptimWrapper', loss_scale=512, optimizer=ADAM),
        lr_schedule=dict(generator={'128': 0.0015}))
    assert convert_to_amp(cfg, 'bfloat16') == dict(
        constructor='PGGANOptimWrapperConstructor',
        generator=dict(
            type='AmpOptimWrapper', dtype='bfloat16', optimizer=ADAM),
        discriminator=dict(
            type='AmpOptimWrapper',
            dtype='bfloat16',
            loss_scale=512,
            optimizer=ADAM),
        lr_schedule=dict(generator={'128': 0.0015}))


def test_dtype_of_the_config_stays_unless_another_is_asked_for():
    cfg = dict(type=AmpOptimWrapper, dtype='float16', optimizer=ADAM)
    assert convert_to_amp(cfg)['dtype'] == 'float16'
    assert convert_to_amp(cfg, 'bfloat16')['dtype'] == 'bfloat16'


def test_what_cannot_be_converted_is_named():
    with pytest.raises(
            ValueError, match='discriminator uses the optimizer wrapper '
            'ApexOptimWrapper, which has no mixed precision form'):
        convert_to_amp(
            OrderedDict(
                generator=dict(optimizer=ADAM),
                discriminator=dict(type='ApexOptimWrapper', optimizer=ADAM)))
    with pytest.raises(ValueError, match='generator is an OptimWrapper that'):
        convert_to_amp(dict(generator=OptimWrapper(_adam(_model()))))
    with pytest.raises(ValueError, match='no wrapper to convert; got the keys '
                       'constructor'):
        convert_to_amp(dict(constructor='GenOptimWrapperConstructor'))
