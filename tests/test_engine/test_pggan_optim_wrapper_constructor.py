"""Rates for each side, written into the parameter groups."""
import pytest
from torch import nn

from mmgen.engine import PGGANOptimWrapperConstructor

ADAM = dict(optimizer=dict(type='Adam', lr=0.001, betas=(0, 0.99)))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = nn.Linear(3, 2)
        self.discriminator = nn.Linear(2, 1)


def groups(paramwise_cfg=None, **cfg):
    """For each sub-module what its groups say of sides."""
    wrappers = PGGANOptimWrapperConstructor(
        dict(generator=ADAM, discriminator=ADAM, **cfg), paramwise_cfg)(Pair())
    keys = ('lr', 'base_lr', 'lr_at', 'forgets', 'scale')
    return {
        name: [tuple(group[key] for key in keys)
               for group in wrapper.param_groups]
        for name, wrapper in wrappers.items()
    }


def test_rates_are_in_the_groups():
    found = groups(lr_schedule=dict(generator={'128': 0.0015, 256: 0.002}))
    assert found == dict(
        generator=[(0.001, 0.001, {128: 0.0015, 256: 0.002}, True, None)],
        discriminator=[(0.001, 0.001, {}, True, None)])
    kept = groups(reset_optim_for_new_scale=False)
    assert kept['generator'] == [(0.001, 0.001, {}, False, None)]


def test_rates_of_single_parameters_keep_their_ratio():
    found = groups(
        paramwise_cfg=dict(bias_lr_mult=2.0),
        lr_schedule=dict(generator={'8': 0.003}))
    assert {group[2][8] for group in found['generator']} == {
        0.003, 0.006}


def test_schedule_of_an_unknown_sub_module():
    with pytest.raises(ValueError, match='lr_schedule has critic, but .*gen'):
        groups(lr_schedule=dict(critic={'8': 0.1}))
