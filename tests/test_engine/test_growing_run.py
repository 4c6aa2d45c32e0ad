"""Runs of a growing model: data, batch and optimisers change with its size."""
import signal

import pytest
from mmengine.config import Config
from tiny_runs import (assert_same, in_children, tiny_config, train,
                       write_images)

from mmgen.datasets.loading import SeededDataset
from mmgen.engine.amp import convert_to_amp
from mmgen.engine.runner import build_runner
from mmgen.utils.checkpoint_file import read_checkpoint


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    """The same images in two sizes."""
    root = tmp_path_factory.mktemp('images')
    for side in (4, 8):
        write_images(root / str(side), side=side)
    return root


def growing_config(data_root, work_dir, world_size=1, num_workers=0):
    """10 iterations at 4 pixels, then 8 pixels, which fade in over 16."""
    cfg = tiny_config(data_root, work_dir, 'pggan', num_workers)
    cfg['model'].update(
        nkimgs_per_scale={'4': 0.040 * world_size, '8': 1},
        transition_kimgs=0.032 * world_size)
    pipeline = cfg['train_dataloader']['dataset']['pipeline']
    cfg['train_dataloader']['dataset'] = dict(
        type='GrowScaleImgDataset',
        data_roots={'4': str(data_root / '4'), '8': str(data_root / '8')},
        pipeline=[step for step in pipeline if step['type'] != 'Resize'],
        gpu_samples_per_scale={'8': 2},
        gpu_samples_base=4)
    cfg['custom_hooks'].append(dict(type='PGGANFetchDataHook'))
    cfg['optim_wrapper'].update(
        constructor='PGGANOptimWrapperConstructor',
        lr_schedule=dict(generator={'8': 0.0015}))
    cfg['model_wrapper_cfg'] = dict(
        type='MMSeparateDistributedDataParallel',
        find_unused_parameters=True)
    del cfg['param_scheduler']
    cfg['default_hooks']['checkpoint']['interval'] = 4
    return cfg


@pytest.mark.parametrize('kill_at', [9, 14], ids=['before', 'amid'])
@pytest.mark.parametrize('world_size, num_workers, amp', [
    (1, 0, False), (1, 2, True), (2, 0, False)])
def test_killed_and_resumed_equals_uninterrupted(world_size, num_workers, amp,
                                                 kill_at, data_root, tmp_path):
    """Resumed at 8, before the model grows at 10, or at 12, amid growth."""
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'

    def config(work_dir):
        cfg = growing_config(data_root, work_dir, world_size, num_workers)
        if amp:
            cfg['optim_wrapper'] = convert_to_amp(cfg['optim_wrapper'], None)
        return cfg

    assert train(config(straight), world_size) == [0] * world_size
    killed = train(config(broken), world_size, kill_at=kill_at)
    assert killed == [-signal.SIGKILL] * world_size
    assert train(config(broken), world_size, resume=True) == [0] * world_size

    expected = read_checkpoint(straight / 'iter_20.pth')
    assert_same(expected, read_checkpoint(broken / 'iter_20.pth'))
    shown = world_size * (10 * 4 + 10 * 2)
    assert expected['state_dict']['shown_imgs'] == shown
    assert expected['meta']['samples_seen'] == shown


def test_each_image_is_read_once_in_its_size(data_root, tmp_path):
    """21 images: 40 positions at 4 pixels, the next 8 at 8 pixels."""
    cfg = growing_config(data_root, tmp_path)
    cfg['train_cfg']['max_iters'] = 14
    cfg.update(val_cfg=None, val_dataloader=None, val_evaluator=None)
    read, batches = [], []

    def run():
        original = SeededDataset.__getitems__
        SeededDataset.__getitems__ = lambda self, places: (
            read.extend(
                (position, self.dataset.scale) for position, _ in places),
            original(self, places))[1]
        runner = build_runner(Config(cfg))
        step = type(runner.model).train_step
        type(runner.model).train_step = lambda self, data, optim_wrapper: (
            batches.append(tuple(data['inputs']['img'].shape)),
            step(self, data, optim_wrapper))[1]
        runner.train()
        assert read == [(p, 4) for p in range(40)] + [
            (p, 8) for p in range(40, 48)]
        assert batches == [(4, 3, 4, 4)] * 10 + [(2, 3, 8, 8)] * 4

    assert in_children(run) == [0]


def test_optimisers_start_anew_with_their_own_rates(data_root, tmp_path):
    """Three batches make an update of D; G follows it."""
    cfg = growing_config(data_root, tmp_path)
    assert train(cfg, 1) == [0]
    for iteration, scale, rates, updates in (
            (8, 4, (0.001, 0.001), 2), (20, 8, (0.0015, 0.001), 3)):
        saved = read_checkpoint(tmp_path / f'iter_{iteration}.pth')
        for name, rate in zip(('generator', 'discriminator'), rates):
            group, = saved['optimizer'][name]['param_groups']
            assert (group['scale'], group['lr']) == (scale, rate)
            steps = {
                int(state['step'])
                for state in saved['optimizer'][name]['state'].values()
            }
            assert steps == {updates}


def test_resuming_warns_of_no_other_batch(data_root, tmp_path):
    cfg = growing_config(data_root, tmp_path)
    cfg['train_cfg']['max_iters'] = 12
    assert train(cfg, 1) == [0]
    assert train(cfg, 1, resume=True) == [0]
    logs = ''.join(p.read_text() for p in tmp_path.rglob('*.log'))
    assert 'Resumed' in logs and 'images in an iteration' not in logs


def test_hook_refuses_what_does_not_grow(data_root, tmp_path):
    cfg = tiny_config(data_root, tmp_path)
    cfg['custom_hooks'].append(dict(type='PGGANFetchDataHook'))

    def run():
        with pytest.raises(ValueError, match='DCGAN does not grow'):
            build_runner(Config(cfg)).train()
        cfg['model'] = growing_config(data_root, tmp_path)['model']
        cfg['experiment_name'] += '_2'
        with pytest.raises(ValueError,
                           match='UnconditionalImageDataset does not grow'):
            build_runner(Config(cfg)).train()

    assert in_children(run) == [0]
