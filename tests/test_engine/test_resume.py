"""A run that was killed and resumed equals one that never stopped."""
import shutil
import signal

import pytest
import torch
from mmengine.config import Config
from tiny_runs import (assert_same, in_children, tiny_config, train,
                       write_images)

from mmgen.datasets import UnconditionalImageDataset
from mmgen.datasets.loading import SeededDataset
from mmgen.engine.amp import convert_to_amp
from mmgen.engine.runner import build_runner
from mmgen.utils.checkpoint_file import read_checkpoint


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('images'))


@pytest.mark.parametrize('amp', [False, True], ids=['fp32', 'amp'])
@pytest.mark.parametrize('world_size', [1, 2], ids=['1proc', '2procs'])
@pytest.mark.parametrize('num_workers', [0, 2], ids=['0workers', '2workers'])
@pytest.mark.parametrize('family', ['dcgan', 'biggan'])
def test_killed_and_resumed_equals_uninterrupted(family, num_workers,
                                                 world_size, amp, data_root,
                                                 tmp_path):
    """10 iterations, kill -9 at 13, resumed to 20: as 20 in one go.

    Validation (every 4), pictures (every 7), a falling learning rate,
    flips and an accumulation of 3 that is under way at iteration 10 are in
    between.
    """

    def config(work_dir):
        cfg = tiny_config(data_root, work_dir, family, num_workers)
        if amp:
            cfg['optim_wrapper'] = convert_to_amp(cfg['optim_wrapper'], None)
        return cfg

    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    assert train(config(straight), world_size) == [0] * world_size
    killed = train(config(broken), world_size, kill_at=13)
    assert killed == [-signal.SIGKILL] * world_size
    assert not (broken / 'iter_20.pth').exists()
    assert train(config(broken), world_size, resume=True) == [0] * world_size

    expected = read_checkpoint(straight / 'iter_20.pth')
    assert_same(expected, read_checkpoint(broken / 'iter_20.pth'))
    assert_different_from_start(expected, read_checkpoint(
        straight / 'iter_10.pth'))


ADA = dict(
    type='ADAAug', aug_pipeline=dict(xflip=1, scale=1, brightness=1),
    augment_initial_p=0.5, ada_kimg=0.1, update_interval=3)


@pytest.mark.parametrize('world_size', [1, 2], ids=['1proc', '2procs'])
@pytest.mark.parametrize('family, disc_augment', [
    ('stylegan2', ADA), ('stylegan3', None)])
def test_state_beside_the_weights_goes_on(family, disc_augment, world_size,
                                          data_root, tmp_path):
    """Running means, adaptive augmentation, penalties that are not due."""

    def config(work_dir):
        cfg = tiny_config(data_root, work_dir, family)
        cfg['model']['disc_augment'] = disc_augment
        return cfg

    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    assert train(config(straight), world_size) == [0] * world_size
    killed = train(config(broken), world_size, kill_at=13)
    assert killed == [-signal.SIGKILL] * world_size
    assert train(config(broken), world_size, resume=True) == [0] * world_size
    expected = read_checkpoint(straight / 'iter_20.pth')
    assert_same(expected, read_checkpoint(broken / 'iter_20.pth'))
    if disc_augment:
        p = expected['state_dict']['disc_augment.aug_pipeline.p']
        assert p != ADA['augment_initial_p']


def assert_different_from_start(end, middle):
    """The ten iterations that are compared did something."""
    assert any(not torch.equal(end['state_dict'][key], value)
               for key, value in middle['state_dict'].items())


def test_keys_do_not_depend_on_the_number_of_processes(data_root, tmp_path):
    keys = []
    for world_size in (1, 2):
        work_dir = tmp_path / str(world_size)
        cfg = tiny_config(data_root, work_dir, 'biggan', max_iters=2)
        assert train(cfg, world_size) == [0] * world_size
        keys.append(list(read_checkpoint(work_dir / 'iter_2.pth')['state_dict']))
    assert keys[0] == keys[1]


def test_damaged_newest_checkpoint_is_passed_over(data_root, tmp_path):
    cfg = tiny_config(data_root, tmp_path, max_iters=12)
    cfg['default_hooks']['checkpoint']['interval'] = 4
    assert train(cfg, 1) == [0]
    expected = read_checkpoint(tmp_path / 'iter_12.pth')
    shutil.copy(tmp_path / 'iter_12.pth', tmp_path / 'copy')
    data = (tmp_path / 'iter_12.pth').read_bytes()
    (tmp_path / 'iter_12.pth').write_bytes(data[:-100])
    assert train(cfg, 1, resume=True) == [0]  # from iter_8
    assert_same(expected, read_checkpoint(tmp_path / 'iter_12.pth'))


def test_resumed_run_reads_nothing_of_what_was_read(data_root, tmp_path):
    """The sampler starts at the position, it is not wound forward."""
    cfg = tiny_config(data_root, tmp_path, max_iters=10)
    cfg.update(val_cfg=None, val_dataloader=None, val_evaluator=None)
    assert train(cfg, 1) == [0]
    cfg['train_cfg']['max_iters'] = 12

    def run():
        reads = []
        original = UnconditionalImageDataset.__getitem__
        UnconditionalImageDataset.__getitem__ = lambda self, index: (
            reads.append(index), original(self, index))[1]
        build_runner(Config(dict(cfg, resume=True))).train()
        # One image for the check of the data, then 2 iterations of 4.
        assert len(reads) == 1 + 8, reads

    assert in_children(run) == [0]
    assert read_checkpoint(tmp_path / 'iter_12.pth')['meta']['iter'] == 12


def test_one_process_goes_on_where_two_were(data_root, tmp_path):
    """Four iterations of 2 x 4 images, then one of 8: positions 32 to 39."""
    cfg = tiny_config(data_root, tmp_path, max_iters=4)
    assert train(cfg, 2) == [0, 0]
    cfg['train_cfg']['max_iters'] = 5
    cfg['train_dataloader']['batch_size'] = 8

    def run():
        positions = []
        original = SeededDataset.__getitems__
        SeededDataset.__getitems__ = lambda self, places: (
            positions.extend(position for position, _ in places),
            original(self, places))[1]
        runner = build_runner(Config(dict(cfg, resume=True)))
        runner.train()
        assert positions[:8] == list(range(32, 40)), positions

    assert in_children(run) == [0]
    meta = read_checkpoint(tmp_path / 'iter_5.pth')['meta']
    assert meta['samples_seen'] == 40


def test_waiting_gradients_of_two_processes_are_averaged(data_root, tmp_path):
    """An accumulation of 3 is under way after 4 iterations."""
    cfg = tiny_config(data_root, tmp_path, max_iters=4)
    assert train(cfg, 2) == [0, 0]
    saved = read_checkpoint(tmp_path / 'iter_4.pth')['updates']
    first, second = saved['discriminator']['grads']
    assert saved['discriminator']['inner_count'] == 4
    assert any(not torch.equal(a, b) for a, b in zip(first, second))

    def run():
        runner = build_runner(Config(dict(cfg, resume=True)))
        runner._train_loop = runner.build_train_loop(runner._train_loop)
        runner.load_or_resume()
        wrapper = runner.optim_wrapper['discriminator']
        assert wrapper.inner_count == 4
        params = wrapper.param_groups[0]['params']
        for param, a, b in zip(params, first, second):
            torch.testing.assert_close(param.grad, (a + b) / 2)

    assert in_children(run) == [0]
