"""An optimiser for each scale."""
import pytest
import torch
from torch import nn

from mmgen.engine import SinGANOptimWrapperConstructor

ADAM = dict(optimizer=dict(type='Adam', lr=0.001, betas=(0, 0.99)))


class Scales(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))


class Pair(nn.Module):
    def __init__(self, discriminator=None):
        super().__init__()
        self.generator = Scales()
        self.discriminator = discriminator or Scales()


def build(model=None, generator=ADAM, **kwargs):
    return SinGANOptimWrapperConstructor(
        dict(generator=generator, discriminator=ADAM), **kwargs)(
            model or Pair())


def test_each_scale_has_its_own_parameters_and_its_rate():
    model = Pair()
    wrappers = build(model)
    assert list(wrappers.keys()) == [
        'generator_0', 'generator_1', 'discriminator_0', 'discriminator_1']
    for name, wrapper in wrappers.items():
        network, scale = name.split('_')
        group, = wrapper.param_groups
        block = getattr(model, network).blocks[int(scale)]
        assert {*map(id, group['params'])} == {*map(id, block.parameters())}
        assert group['lr'] == group['base_lr'] == 0.001
        assert type(wrapper.optimizer) is torch.optim.Adam


def test_rates_of_single_parameters_are_kept():
    groups = build(paramwise_cfg=dict(bias_lr_mult=2.0))[
        'generator_1'].param_groups
    assert {group['base_lr'] for group in groups} == {0.001, 0.002}


def test_what_is_refused():
    with pytest.raises(ValueError, match='"discriminator" is a Linear, which '
                       'has no blocks'):
        build(Pair(nn.Linear(3, 1)))
    with pytest.raises(ValueError, match='"generator" has '
                       'accumulative_counts=2, expected 1'):
        build(generator=dict(ADAM, accumulative_counts=2))
