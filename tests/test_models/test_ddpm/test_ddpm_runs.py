"""Whole runs of a diffusion model: resuming, processes, metric, pictures."""
import copy
import json
import signal

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_diffusion import DIFFUSION
from tiny_runs import (assert_same, in_children, tiny_config, train,
                       write_images)

from mmgen.engine.amp import convert_to_amp
from mmgen.engine.runner import build_runner
from mmgen.registry import MODELS
from mmgen.utils.checkpoint_file import read_checkpoint
from mmgen.utils.randomness import mix_seed, seed_everything


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('images'))


def config(data_root, work_dir, amp=False, **settings):
    """As for the GANs; the family only gives the size of the images."""
    cfg = tiny_config(data_root, work_dir, 'dcgan', **settings)
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader']['dataset']['type'] = 'ImageNet'
    optim_wrapper = dict(
        constructor='GenOptimWrapperConstructor',
        denoising=dict(
            accumulative_counts=3,
            optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0)))
    cfg['optim_wrapper'] = convert_to_amp(optim_wrapper, None) \
        if amp else optim_wrapper
    cfg['model'] = copy.deepcopy(DIFFUSION)
    pictures = cfg['custom_hooks'][0]
    pictures['vis_kwargs_list'] = [
        dict(type='Noise', name='fake_img'),
        dict(type='DDPMDenoising', name='way', n_samples=12, n_row=4)]
    return cfg


@pytest.mark.slow
@pytest.mark.parametrize('amp', [False, True], ids=['fp32', 'amp'])
@pytest.mark.parametrize('world_size', [1, 2], ids=['1proc', '2procs'])
def test_killed_and_resumed_equals_uninterrupted(world_size, amp, data_root,
                                                 tmp_path):
    """Timesteps, noise and dropout are drawn anew as they were; validation,
    pictures and an accumulation under way at iteration 10 are in between."""
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    assert train(config(data_root, straight, amp), world_size) \
        == [0] * world_size
    killed = train(config(data_root, broken, amp), world_size, kill_at=13)
    assert killed == [-signal.SIGKILL] * world_size
    assert train(config(data_root, broken, amp), world_size, resume=True) \
        == [0] * world_size
    expected = read_checkpoint(straight / 'iter_20.pth')
    assert_same(expected, read_checkpoint(broken / 'iter_20.pth'))
    middle = read_checkpoint(straight / 'iter_10.pth')['state_dict']
    for name in ('denoising', 'denoising_ema.module'):
        key = f'{name}.out.conv.weight'
        assert not torch.equal(middle[key], expected['state_dict'][key])


def test_two_processes_learn_the_same_network(data_root, tmp_path):
    cfg = Config(config(data_root, tmp_path, max_iters=3))
    cfg.launcher = 'pytorch'
    for part in ('cfg', 'dataloader', 'evaluator'):
        cfg[f'val_{part}'] = None

    def run():
        runner = build_runner(cfg)
        model = runner.train().module
        weights = [p.detach() for p in model.denoising.parameters()]
        for weight in weights:
            other = weight.clone()
            torch.distributed.broadcast(other, 0)
            assert torch.equal(weight, other)
        assert any(weight.any() for weight in weights)

    assert in_children(run, world_size=2) == [0, 0]


def test_metric_and_picture_of_a_run(data_root, tmp_path):
    """Each row of the picture goes from noise to an image of its class."""
    assert train(config(data_root, tmp_path, max_iters=4), 1) == [0]
    lines = [json.loads(line) for path in tmp_path.rglob('scalars.json')
             for line in path.read_text().splitlines()]
    assert any(np.isfinite(line.get('FID-Tiny/fid', np.nan)) for line in lines)

    model = MODELS.build(copy.deepcopy(DIFFUSION)).eval()
    model.load_state_dict(
        read_checkpoint(tmp_path / 'iter_4.pth')['state_dict'], strict=True)
    seed = mix_seed(2022)
    noise = torch.randn(
        3, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    seed_everything(seed)
    samples = model.val_step(dict(inputs=dict(
        noise=noise, labels=[0, 1, 2], sample_kwargs=dict(show_steps=4))))
    expected = model.data_preprocessor.to_uint8_rgb(
        torch.stack([sample.fake_img.data for sample in samples]))

    picture, = (cv2.imread(str(path)) for path in tmp_path.rglob('way_4.png'))
    assert picture.shape == (3 * 18 + 2, 4 * 18 + 2, 3)
    cells = picture[2:, 2:, ::-1].reshape(3, 18, 4, 18, 3)[:, :16, :, :16]
    found = cells.transpose(0, 2, 4, 1, 3).reshape(12, 3, 16, 16)
    assert np.abs(found.astype(int) - expected.numpy().astype(int)).max() <= 1
