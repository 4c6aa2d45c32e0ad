import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmgen.engine.amp import AmpOptimWrapper
from mmgen.engine.optim_wrapper_constructor import GenOptimWrapperConstructor
from mmgen.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

ADAM = dict(type='Adam', lr=1e-4)


class Pair(nn.Module):
    """A model as the constructor sees it: trained, frozen, without weights."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.data_preprocessor = nn.Identity()
        self.generator = nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 2))
        self.discriminator = nn.Linear(2, 1)
        self.generator_ema = copy.deepcopy(
            self.generator).requires_grad_(False)


def _build(model=None, paramwise_cfg=None, **cfg):
    return GenOptimWrapperConstructor(cfg, paramwise_cfg)(model or Pair())


def test_each_submodule_gets_its_own_wrapper():
    model = Pair()
    wrappers = _build(
        model,
        generator=dict(
            accumulative_counts=4,
            clip_grad=dict(type='value', clip_value=0.5),
            optimizer=dict(ADAM, eps=1e-6)),
        discriminator=dict(
            type='AmpOptimWrapper',
            loss_scale=512,
            dtype='float16',
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9)))
    assert type(wrappers) is OptimWrapperDict
    assert list(wrappers.keys()) == ['generator', 'discriminator']
    generator, discriminator = wrappers.values()
    assert type(generator) is OptimWrapper
    assert generator.optimizer.param_groups[0]['params'] == list(
        model.generator.parameters())
    assert generator.optimizer.defaults['eps'] == 1e-6
    assert [generator.should_update() for generator._inner_count in range(1, 5)
            ] == [False, False, False, True]
    assert generator.clip_grad_kwargs == dict(clip_value=0.5)
    assert type(discriminator) is AmpOptimWrapper
    assert discriminator.loss_scaler.get_scale() == 512
    assert type(discriminator.optimizer) is torch.optim.SGD
    assert wrappers.get_lr() == {
        'generator.lr': [1e-4],
        'discriminator.lr': [0.1]
    }


def test_registry_gives_the_constructor_and_the_config_is_left_alone():
    cfg = ConfigDict(
        generator=dict(
            clip_grad=dict(type='norm', max_norm=1.),
            optimizer=dict(ADAM, betas=[0, 0.99])),
        discriminator=dict(optimizer=ADAM))
    before = copy.deepcopy(cfg)
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='GenOptimWrapperConstructor',
            optim_wrapper_cfg=cfg,
            paramwise_cfg=None))
    constructor(Pair())
    constructor(Pair())
    assert cfg == before


@pytest.mark.parametrize('betas', [(0, 0.99), [0, 0.99], (0, 0)])
@pytest.mark.parametrize('kind', ['Adam', 'AdamW'])
def test_integer_betas_become_floats(betas, kind):
    wrappers = _build(
        generator=dict(optimizer=dict(type=kind, lr=0.1, betas=betas)),
        discriminator=dict(
            optimizer=ADAM,
            paramwise_cfg=dict(
                custom_keys=dict(bias=dict(betas=[0, 0.9])))))
    group = wrappers['generator'].optimizer.param_groups[0]
    assert group['betas'] == tuple(betas)
    assert all(isinstance(beta, float) for beta in group['betas'])
    groups = wrappers['discriminator'].optimizer.param_groups
    assert [group['betas'] for group in groups] == [(0.9, 0.999), (0., 0.9)]


def test_adam_is_fused_unless_the_config_says_otherwise():
    def fused(**optimizer):
        wrappers = _build(
            generator=dict(optimizer=optimizer),
            discriminator=dict(optimizer=ADAM))
        return wrappers['generator'].optimizer.defaults.get('fused')

    assert fused(**ADAM) is True
    assert fused(type='AdamW', lr=0.1) is True
    assert fused(type=torch.optim.Adam, lr=0.1) is True
    assert fused(**ADAM, fused=False) is False
    assert fused(**ADAM, foreach=False) is None
    assert fused(**ADAM, differentiable=True) is None
    assert fused(type='RMSprop', lr=0.1) is None
    assert fused(type='SGD', lr=0.1) is None


def _train(optimizer, model, steps, start=0):
    for i in range(start, start + steps):
        generator = torch.Generator().manual_seed(i)
        out = model.generator(torch.randn(4, 3, generator=generator))
        optimizer.zero_grad()
        out.pow(2).mean().backward()
        optimizer.step()


@pytest.mark.parametrize('kind', ['Adam', 'AdamW'])
def test_fused_steps_equal_plain_ones_and_resume(kind):
    optimizer_cfg = dict(type=kind, lr=0.01, betas=(0, 0.9), weight_decay=0.1)

    def build(model):
        return _build(
            model,
            generator=dict(optimizer=optimizer_cfg),
            discriminator=dict(optimizer=ADAM))['generator'].optimizer

    fused_model, plain_model = Pair(), Pair()
    fused = build(fused_model)
    plain = getattr(torch.optim, kind)(
        plain_model.generator.parameters(),
        lr=0.01,
        betas=(0., 0.9),
        weight_decay=0.1,
        foreach=False)
    _train(fused, fused_model, 5)
    saved = copy.deepcopy((fused_model.state_dict(), fused.state_dict()))
    _train(fused, fused_model, 5, start=5)
    _train(plain, plain_model, 10)
    for got, expected in zip(fused_model.parameters(),
                             plain_model.parameters()):
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-6)

    resumed_model = Pair()
    resumed = build(resumed_model)
    resumed_model.load_state_dict(saved[0])
    resumed.load_state_dict(saved[1])
    _train(resumed, resumed_model, 5, start=5)
    for got, expected in zip(resumed_model.parameters(),
                             fused_model.parameters()):
        assert torch.equal(got, expected)


def test_state_of_a_plain_adam_loads_into_a_fused_one():
    model = Pair()
    plain = torch.optim.Adam(model.generator.parameters(), lr=0.01)
    _train(plain, model, 3)
    saved = copy.deepcopy(plain.state_dict())
    other = copy.deepcopy(model)
    _train(plain, model, 2, start=3)

    wrapper = _build(
        other,
        generator=dict(optimizer=dict(type='Adam', lr=0.01)),
        discriminator=dict(optimizer=ADAM))['generator']
    wrapper.load_state_dict(saved)
    _train(wrapper.optimizer, other, 2, start=3)
    for got, expected in zip(other.parameters(), model.parameters()):
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-7)


def test_paramwise_options_of_a_submodule_win_over_those_for_all():
    wrappers = _build(
        paramwise_cfg=dict(bias_lr_mult=2.),
        generator=dict(
            optimizer=ADAM,
            paramwise_cfg=dict(custom_keys={'0.': dict(lr_mult=0.1)})),
        discriminator=dict(optimizer=ADAM))
    lrs = wrappers.get_lr()
    assert lrs['generator.lr'] == pytest.approx([1e-5, 1e-5, 1e-4, 1e-4])
    assert lrs['discriminator.lr'] == pytest.approx([1e-4, 2e-4])


def test_submodule_may_name_a_constructor_of_its_own():
    wrappers = _build(
        generator=dict(
            constructor='DefaultOptimWrapperConstructor',
            accumulative_counts=3,
            optimizer=dict(ADAM, betas=(0, 0.9))),
        discriminator=dict(optimizer=ADAM))
    assert wrappers['generator'].optimizer.defaults['betas'] == (0., 0.9)
    assert not wrappers['generator'].should_sync()


def test_frozen_submodules_need_no_optimizer():
    wrappers = _build(
        generator=dict(optimizer=ADAM), discriminator=dict(optimizer=ADAM))
    assert 'generator_ema' not in wrappers


BOTH = dict(
    generator=dict(optimizer=ADAM), discriminator=dict(optimizer=ADAM))


@pytest.mark.parametrize('cfg, error, words', [
    (dict(BOTH, critic=dict(optimizer=ADAM)), ValueError,
     'Pair has no sub-module "critic" to optimize; those with parameters to '
     'train: generator, discriminator'),
    (dict(optimizer=ADAM), ValueError, 'Pair has no sub-module "optimizer"'),
    (dict(BOTH, data_preprocessor=dict(optimizer=ADAM)), ValueError,
     '"data_preprocessor" of Pair has no parameters'),
    (dict(generator=dict(optimizer=ADAM)), ValueError,
     '"discriminator" of Pair has parameters to train, but optim_wrapper has '
     'only generator'),
    (dict(BOTH, generator=ADAM), ValueError,
     '"generator" has no optimizer; got the keys type, lr'),
    (dict(BOTH, generator='Adam'), TypeError,
     '"generator" is a str, expected dict'),
    (dict(BOTH, generator=dict(optimizer=dict(type='Adamm'))), ValueError,
     '"generator" has an optimizer of type \'Adamm\', which is not known; '
     'known: .*Adam, '),
    (dict(BOTH, generator=dict(optimizer=dict(lr=0.1))), ValueError,
     '"generator" has an optimizer of type None'),
])
def test_config_that_does_not_fit_is_refused(cfg, error, words):
    with pytest.raises(error, match=words):
        GenOptimWrapperConstructor(cfg)(Pair())


def test_config_must_be_a_dict():
    with pytest.raises(TypeError, match='optim_wrapper is a list'):
        GenOptimWrapperConstructor([ADAM])
