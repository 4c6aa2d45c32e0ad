"""Ten steps of every family at a fixed seed, against committed numbers.

A change of the mathematics moves them and says so in its commit; anything
else must not. Write them anew with ``python tests/test_golden_losses.py``.
"""
import copy
import json
from pathlib import Path

import pytest
import torch
from families import FAMILIES, RESOLUTION

from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.structures import GenDataSample

GOLDEN = Path(__file__).resolve().parent / 'data' / 'golden_losses.json'
LEARNING = dict(optimizer=dict(type='SGD', lr=0.01))


def ten_steps(family):
    """Losses of ten steps, by name."""
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(FAMILIES[family]))
    optimizers = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='GenOptimWrapperConstructor',
            optim_wrapper_cfg=dict(
                generator=LEARNING, discriminator=LEARNING)))(model)
    history = {}
    for step in range(10):
        torch.manual_seed(step)
        side = RESOLUTION[family]
        images = torch.randint(0, 256, (4, 3, side, side), dtype=torch.uint8)
        samples = [GenDataSample().set_gt_label(k % 3) for k in range(4)]
        log = model.train_step(
            dict(inputs=dict(img=images), data_samples=samples), optimizers)
        for name, value in log.items():
            history.setdefault(name, []).append(round(value.item(), 6))
    return history


@pytest.mark.parametrize('family', FAMILIES)
def test_losses_are_the_committed_ones(family):
    golden = json.loads(GOLDEN.read_text())[family]
    ours = ten_steps(family)
    assert ours.keys() == golden.keys()
    for name, values in golden.items():
        assert ours[name] == pytest.approx(values, rel=1e-3, abs=1e-4), name


if __name__ == '__main__':
    GOLDEN.write_text(
        json.dumps({family: ten_steps(family) for family in FAMILIES},
                   indent=1) + '\n')
