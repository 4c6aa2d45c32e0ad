"""Complete runs of translation models: resumed, on two processes, with AMP."""
import json
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dist import get_rank
from tiny_runs import all_tensors, assert_same, in_children, train
from tiny_translation import (SIDE, build, build_optimizers, make_batch,
                              translation_config, write_domains)

from mmgen.engine.amp import convert_to_amp
from mmgen.engine.distributed import (MMSeparateDistributedDataParallel,
                                      init_dist)
from mmgen.engine.runner import build_runner
from mmgen.utils.checkpoint_file import read_checkpoint


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    return write_domains(tmp_path_factory.mktemp('domains'))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))


@pytest.mark.parametrize('family, world_size, amp', [
    ('cyclegan', 1, False),
    pytest.param('cyclegan', 2, False, marks=pytest.mark.slow),
    pytest.param('pix2pix', 1, True, marks=pytest.mark.slow),
    pytest.param('pix2pix', 2, False, marks=pytest.mark.slow)])
def test_killed_and_resumed_equals_uninterrupted(family, world_size, amp,
                                                 data_root, tmp_path):
    """10 iterations, kill -9 at 13, resumed to 20: as 20 in one go.

    Accumulated gradients of both optimisers and the buffers of CycleGAN,
    which differ from process to process, are under way at iteration 10.
    """

    def config(work_dir):
        cfg = translation_config(data_root, work_dir, family)
        if amp:
            cfg['optim_wrapper'] = convert_to_amp(cfg['optim_wrapper'], None)
        return cfg

    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    assert train(config(straight), world_size) == [0] * world_size
    killed = train(config(broken), world_size, kill_at=13)
    assert killed == [-signal.SIGKILL] * world_size
    assert train(config(broken), world_size, resume=True) == [0] * world_size
    expected = read_checkpoint(straight / 'iter_20.pth')
    found = read_checkpoint(broken / 'iter_20.pth')
    assert_same(expected, found)
    start = read_checkpoint(straight / 'iter_10.pth')
    assert any(grad is not None for grad in all_grads(start))
    for key, value in expected['state_dict'].items():
        if value.ndim > 1:
            assert not torch.equal(value, start['state_dict'][key]), key
    if family == 'cyclegan':
        assert_same_memory(expected['process_states'],
                           found['process_states'], world_size)


def all_grads(checkpoint):
    """Gradients that wait in a checkpoint."""
    return [grad for part in checkpoint['updates'].values()
            for rank in part['grads'] for grad in rank]


def assert_same_memory(expected, found, world_size):
    """Equal buffers in each process, other ones in the other."""
    assert len(expected) == world_size
    ours, theirs = (dict(all_tensors(each)) for each in (expected, found))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert ours['/0/photo/images'].shape == (5, 3, SIDE, SIDE)
    assert world_size == 1 or not torch.equal(
        ours['/0/photo/images'], ours['/1/photo/images'])


@pytest.mark.parametrize('with_memory, kept', [(True, 4), (False, 2)])
def test_a_checkpoint_without_memory_is_resumed(with_memory, kept, data_root,
                                                tmp_path):
    """One of 1.x has none; the buffers then fill anew, two in an iteration."""
    cfg = translation_config(data_root, tmp_path, 'cyclegan', 1)
    assert train(cfg, 1) == [0]
    checkpoint = read_checkpoint(tmp_path / 'iter_1.pth')
    if not with_memory:
        del checkpoint['process_states']
    torch.save(checkpoint, tmp_path / 'before.pth')
    cfg = translation_config(data_root, tmp_path, 'cyclegan', 2)
    cfg['load_from'] = str(tmp_path / 'before.pth')
    assert train(cfg, 1, resume=True) == [0]
    memory, = read_checkpoint(tmp_path / 'iter_2.pth')['process_states']
    assert len(memory['photo']['images']) == kept


# ---------------------------------------------------------- two processes


def gradients_of_a_step(model, data):
    """Gradients of both optimisers just before they step."""
    optimizers = build_optimizers(
        model, {name: dict(optimizer=dict(type='SGD', lr=0.1))
                for name in ('generators', 'discriminators')})
    grads = []
    for name in ('discriminators', 'generators'):
        optimizers[name].optimizer.register_step_pre_hook(
            lambda optimizer, *_: grads.extend(
                p.grad.clone() for group in optimizer.param_groups
                for p in group['params']))
    return optimizers, grads


def test_gradients_of_two_processes_are_those_of_the_joint_batch(tmp_path):
    """Without batch statistics, a joint batch has the mean gradient."""

    def run():
        init_dist('pytorch', backend='gloo')
        rank = get_rank()
        joint = make_batch(4)
        own = dict(joint, inputs={
            key: value[2 * rank:2 * rank + 2]
            for key, value in joint['inputs'].items()})
        reference = build('cyclegan', buffer_size=0)
        optimizers, expected = gradients_of_a_step(reference, joint)
        reference.train_step(joint, optimizers)
        keys = list(reference.state_dict())

        model = build('cyclegan', buffer_size=0)
        wrapper = MMSeparateDistributedDataParallel(model)
        assert list(model.state_dict()) == keys
        optimizers, found = gradients_of_a_step(model, own)
        wrapper.train_step(own, optimizers)
        assert len(found) == len(expected) > 0
        for ours, theirs in zip(found, expected):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
        torch.save(model.state_dict(), tmp_path / f'{rank}.pth')

        other = build('cyclegan')  # a checkpoint knows nothing of wrappers
        other.load_state_dict(model.state_dict(), strict=True)
        model.load_state_dict(reference.state_dict(), strict=True)
        model.load_state_dict(
            {key.replace('.model.', '.module.model.', 1): value
             for key, value in other.state_dict().items()}, strict=True)

    assert in_children(run, world_size=2) == [0, 0]
    first, second = (torch.load(tmp_path / f'{rank}.pth') for rank in (0, 1))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_nothing_is_exchanged_while_accumulating():
    def run():
        init_dist('pytorch', backend='gloo')
        model = build('pix2pix')
        wrapper = MMSeparateDistributedDataParallel(model)
        optimizers = build_optimizers(
            model, {name: dict(optimizer=dict(type='SGD', lr=0.1),
                               accumulative_counts=2)
                    for name in ('generators', 'discriminators')})
        wrapper.train_step(make_batch(seed=get_rank()), optimizers)
        own = [p.grad.clone() for p in model.parameters()]
        gathered = [torch.empty_like(own[0]) for _ in range(2)]
        torch.distributed.all_gather(gathered, own[0])
        assert not torch.equal(*gathered)
        wrapper.train_step(make_batch(seed=2 + get_rank()), optimizers)
        for parameter in model.parameters():
            gathered = [torch.empty_like(parameter) for _ in range(2)]
            torch.distributed.all_gather(gathered, parameter.detach())
            assert torch.equal(*gathered)

    assert in_children(run, world_size=2) == [0, 0]


# ------------------------------------------------- validation and pictures


def test_two_processes_measure_what_one_measures(data_root, tmp_path):
    """CycleGAN: its translations do not depend on the batch."""
    found = []
    for world_size in (1, 2):
        cfg = Config(translation_config(
            data_root, tmp_path / str(world_size), 'cyclegan'))
        if world_size > 1:
            cfg.launcher = 'pytorch'

        def run(cfg=cfg, world_size=world_size):
            runner = build_runner(cfg)
            torch.manual_seed(4)
            for parameter in runner.model.parameters():
                torch.nn.init.normal_(parameter, std=0.2)
            results = runner.val()
            if get_rank() == 0:
                path = tmp_path / f'{world_size}.json'
                path.write_text(json.dumps(results))

        assert in_children(run, world_size) == [0] * world_size
        found.append(json.loads((tmp_path / f'{world_size}.json').read_text()))
    assert found[0] == pytest.approx(found[1], rel=1e-6)
    assert found[0]['FID-Tiny/fid'] > 0


def test_pictures_show_source_translation_and_target(data_root, tmp_path):
    cfg = Config(translation_config(data_root, tmp_path, 'pix2pix', 1))

    def run():
        runner = build_runner(cfg)
        runner.train()
        runner.test()

    assert in_children(run) == [0]
    folder, = tmp_path.glob('*/vis_data/vis_image')
    shown = {path.stem: cv2.imread(str(path)) for path in folder.iterdir()}
    assert {'trans_1', 'trans_val_1', 'trans_test_1'} <= set(shown)
    assert sum(name.startswith('test_fake_img') for name in shown) == 9
    pairs = [cv2.imread(str(path))
             for path in sorted((data_root / 'test').iterdir())]
    step = SIDE + 2
    for name in ('trans_val_1', 'trans_test_1'):
        assert shown[name].shape == (3 * step + 2, 3 * step + 2, 3)
        for row in range(3):
            mask, fake, photo = (
                shown[name][2 + row * step:2 + row * step + SIDE,
                            2 + column * step:2 + column * step + SIDE]
                for column in range(3))
            pair = np.concatenate([photo, mask], axis=1)
            flipped = np.concatenate([photo[:, ::-1], mask[:, ::-1]], axis=1)
            assert any(np.array_equal(pair, known)
                       or np.array_equal(flipped, known) for known in pairs)
            assert fake.std() > 0
            assert not np.array_equal(fake, photo)


def test_pictures_do_not_change_the_training(data_root, tmp_path):
    weights = []
    for drawn in (True, False):
        work_dir = Path(tmp_path, str(drawn))
        cfg = translation_config(data_root, work_dir, 'pix2pix', 6)
        cfg['default_hooks']['checkpoint']['interval'] = 6
        if drawn:
            cfg['custom_hooks'][0]['interval'] = 2
        else:
            del cfg['custom_hooks']
        assert train(cfg, 1) == [0]
        weights.append(read_checkpoint(work_dir / 'iter_6.pth'))
    assert_same(*weights)


def test_a_picture_of_missing_data_is_refused(data_root, tmp_path):
    cfg = translation_config(data_root, tmp_path, 'pix2pix', 1)
    for key in ('val_cfg', 'val_dataloader', 'val_evaluator'):
        del cfg[key]

    def run():
        with pytest.raises(RuntimeError, match='trans_val has the type '
                           'TranslationVal, but the config has no validation '
                           'data'):
            build_runner(Config(cfg)).train()

    assert in_children(run) == [0]
