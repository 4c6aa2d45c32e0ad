"""Ten steps of every family at a fixed seed, against committed numbers.

A change of the mathematics moves them and says so in its commit; anything
else must not. Write them anew with ``python tests/test_golden_losses.py``.
"""
import copy
import json
from pathlib import Path

import pytest
import tiny_singan
import torch
from families import FAMILIES, RESOLUTION
from tiny_diffusion import DIFFUSION
from tiny_translation import TRANSLATIONS, make_batch

from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.structures import GenDataSample

GOLDEN = Path(__file__).resolve().parent / 'data' / 'golden_losses.json'
LEARNING = dict(optimizer=dict(type='SGD', lr=0.01))


def labelled(side):
    """Random images with classes, for a side in pixels."""

    def batch(step):
        images = torch.randint(0, 256, (4, 3, side, side), dtype=torch.uint8)
        samples = [GenDataSample().set_gt_label(k % 3) for k in range(4)]
        return dict(inputs=dict(img=images), data_samples=samples)

    return batch


# The config, what is optimised, and the batch of a step.
GAN_PARTS = ('generator', 'discriminator')
MODELS_AND_BATCHES = {
    **{
        name: (cfg, GAN_PARTS, labelled(RESOLUTION[name]))
        for name, cfg in FAMILIES.items()
    },
    **{
        name: (cfg, ('generators', 'discriminators'),
               lambda step: make_batch(seed=step))
        for name, cfg in TRANSLATIONS.items()
    },
    'singan': (tiny_singan.SINGAN, GAN_PARTS,
               lambda step: tiny_singan.batch()),
    'pesingan': (tiny_singan.PE_SINGAN, GAN_PARTS,
                 lambda step: tiny_singan.batch()),
    'ddpm': (DIFFUSION, ('denoising', ), labelled(16)),
}


def ten_steps(name):
    """Losses of ten steps, by name."""
    cfg, parts, batch = MODELS_AND_BATCHES[name]
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg))
    constructor = 'SinGANOptimWrapperConstructor' if 'singan' in name \
        else 'GenOptimWrapperConstructor'
    optimizers = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type=constructor,
            optim_wrapper_cfg=dict.fromkeys(parts, LEARNING)))(model)
    history = {}
    for step in range(10):
        torch.manual_seed(step)
        log = model.train_step(batch(step), optimizers)
        for key, value in log.items():
            history.setdefault(key, []).append(round(value.item(), 6))
    return history


@pytest.mark.parametrize('family', MODELS_AND_BATCHES)
def test_losses_are_the_committed_ones(family):
    golden = json.loads(GOLDEN.read_text())[family]
    ours = ten_steps(family)
    assert ours.keys() == golden.keys()
    for name, values in golden.items():
        assert ours[name] == pytest.approx(values, rel=1e-3, abs=1e-4), name


if __name__ == '__main__':
    GOLDEN.write_text(
        json.dumps({name: ten_steps(name) for name in MODELS_AND_BATCHES},
                   indent=1) + '\n')
