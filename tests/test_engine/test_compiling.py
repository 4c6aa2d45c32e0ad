"""Compiled networks train as the written ones do.

The backend ``aot_eager`` traces forward and backward passes as ``inductor``
does, refuses second derivatives as it does, and needs no C++ compiler.
"""
import copy

import pytest
import torch
from families import FAMILIES, RESOLUTION
from tiny_runs import assert_same, tiny_config, train, write_images

from mmgen.engine.compiling import compile_networks
from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.structures import GenDataSample

BACKEND = dict(backend='aot_eager')


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch.compiler.reset()


def model_of(family):
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(FAMILIES[family])).train()


def steps(model, family, count):
    """Losses of a few steps, and the gradients of the last one."""
    optimizer = dict(optimizer=dict(type='SGD', lr=1e-3))
    optimizers = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='GenOptimWrapperConstructor',
            optim_wrapper_cfg=dict(
                generator=optimizer, discriminator=optimizer)))(model)
    gradients, logs = {}, []
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.register_post_accumulate_grad_hook(
                lambda p: gradients.update({id(p): p.grad.clone()}))
    side = RESOLUTION[family]
    for step in range(count):
        torch.manual_seed(step)
        images = torch.randint(0, 256, (4, 3, side, side), dtype=torch.uint8)
        samples = [GenDataSample().set_gt_label(k % 3) for k in range(4)]
        logs.append(
            model.train_step(
                dict(inputs=dict(img=images), data_samples=samples),
                optimizers))
    return logs, {
        name: gradients.get(id(parameter))
        for name, parameter in model.named_parameters()
    }


# A penalty in each step; R1 and path length in the first; no penalty.
@pytest.mark.parametrize('family', ['wgangp', 'stylegan2', 'biggan'])
def test_gradients_agree(family):
    plain, compiled = model_of(family), model_of(family)
    compile_networks(compiled, **BACKEND)
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    torch._dynamo.utils.counters.clear()
    logs, gradients = steps(plain, family, 2)
    assert not torch._dynamo.utils.counters['frames']
    compiled_logs, compiled_gradients = steps(compiled, family, 2)
    assert torch._dynamo.utils.counters['frames']['ok'] > 0
    torch.testing.assert_close(compiled_logs, logs, rtol=1e-4, atol=1e-5)
    moved = 0
    for name, gradient in gradients.items():
        torch.testing.assert_close(
            compiled_gradients[name], gradient, rtol=1e-3, atol=1e-5,
            msg=lambda words, name=name: f'{name}: {words}')
        moved += gradient is not None and bool(gradient.abs().sum())
    assert moved > 10


def test_the_average_is_not_compiled():
    model = model_of('biggan')
    compile_networks(model, **BACKEND)
    assert model.generator._compiled_call_impl is not None
    assert model.generator_ema.module._compiled_call_impl is None


@pytest.mark.slow
def test_two_processes_resume_exactly(tmp_path):
    data = write_images(tmp_path / 'data')

    def config(name):
        cfg = tiny_config(data, tmp_path / name, 'wgangp', max_iters=12)
        cfg['compile'] = dict(BACKEND)
        return cfg

    assert train(config('whole'), 2) == [0, 0]
    train(config('parts'), 2, kill_at=11)
    assert train(config('parts'), 2, resume=True) == [0, 0]
    whole, parts = (
        torch.load(tmp_path / name / 'iter_12.pth', weights_only=True)
        for name in ('whole', 'parts'))
    assert_same(whole, parts)


def test_other_settings_are_refused(tmp_path):
    from mmengine.config import Config

    from mmgen.engine.runner import build_runner
    cfg = tiny_config(write_images(tmp_path / 'data'), tmp_path / 'run')
    runner = build_runner(Config(dict(cfg, compile='inductor')))
    with pytest.raises(TypeError, match="compile: got 'inductor', expected"):
        runner.train()
