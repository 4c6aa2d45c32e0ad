"""Complete runs of a SinGAN: files, resuming amid a stage, two processes."""
import copy
import signal

import pytest
import torch
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.optim import OptimWrapper, OptimWrapperDict
from PIL import Image
from tiny_runs import assert_same, in_children, train
from tiny_singan import (PE_SINGAN, SINGAN, STAGE, build, optimizers,
                         run_config, write_photo)
from tiny_singan import train as train_model
from torch.optim import SGD

from mmgen.engine import MMSeparateDistributedDataParallel, init_dist
from mmgen.engine.amp import convert_to_amp
from mmgen.engine.runner import build_runner
from mmgen.utils.checkpoint_file import read_checkpoint

LAST = 3 * STAGE


@pytest.fixture(scope='module')
def photo(tmp_path_factory):
    return write_photo(tmp_path_factory.mktemp('photo'))


@pytest.mark.parametrize('model, world_size, amp', [
    (SINGAN, 1, False),
    pytest.param(SINGAN, 1, True, marks=pytest.mark.slow),
    pytest.param(SINGAN, 2, False, marks=pytest.mark.slow),
    pytest.param(PE_SINGAN, 1, False, marks=pytest.mark.slow)],
    ids=['plain', 'amp', '2procs', 'pe'])
def test_killed_and_resumed_equals_uninterrupted(model, world_size, amp, photo,
                                                 tmp_path):
    """Killed after 4, at a border of stages, and after 7, amid a round."""

    def config(work_dir):
        cfg = run_config(photo, work_dir, model)
        if amp:
            cfg['optim_wrapper'] = convert_to_amp(cfg['optim_wrapper'], None)
        return cfg

    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    assert train(config(straight), world_size) == [0] * world_size
    for kill_at in (STAGE, 7):
        killed = train(config(broken), world_size, kill_at=kill_at,
                       resume=kill_at > STAGE)
        assert killed == [-signal.SIGKILL] * world_size
    assert not (broken / f'iter_{LAST}.pth').exists()
    assert train(config(broken), world_size, resume=True) == [0] * world_size
    for iteration in (STAGE, 6, LAST):
        assert_same(
            read_checkpoint(straight / f'iter_{iteration}.pth'),
            read_checkpoint(broken / f'iter_{iteration}.pth'))
    end = read_checkpoint(broken / f'iter_{LAST}.pth')
    assert end['state_dict']['pyramid.trained_iters'] == LAST
    steps = [int(end['optimizer'][f'generator_{scale}']['state'][0]['step'])
             for scale in range(3)]
    assert steps == [STAGE] * 3


def test_processes_agree(photo, tmp_path):
    """Each draws its own noise; weights and the pyramid are the same."""
    cfg = run_config(photo, tmp_path / 'run')
    cfg.update(launcher='pytorch', custom_hooks=[])

    def run():
        runner = build_runner(Config(cfg))
        runner.train()
        runner.sync_buffers()
        torch.save(runner.model.module.state_dict(),
                   tmp_path / f'rank_{runner.rank}.pth')

    assert in_children(run, 2) == [0, 0]
    first, second = (torch.load(tmp_path / f'rank_{rank}.pth')
                     for rank in (0, 1))
    for key, value in first.items():
        assert torch.equal(value, second[key]), key


@pytest.mark.parametrize('learning', ['generator', 'discriminator'])
def test_gradients_are_the_mean_over_the_processes(learning):
    """At the second scale, against both processes' steps on their own."""

    def wrappers(model):
        return OptimWrapperDict(**{
            name: OptimWrapper(SGD(wrapper.param_groups[0]['params'],
                                   lr=0.1 * name.startswith(learning)))
            for name, wrapper in optimizers(model).items()
        })

    def run():
        init_dist('pytorch', 'gloo')
        model = build(discriminator_steps=1, generator_steps=1,
                      lr_scheduler_args=None)
        train_model(model, optimizers(model), 3)
        alone = [copy.deepcopy(model) for _ in range(2)]
        for rank, other in enumerate(alone):
            torch.manual_seed(rank)
            train_model(other, wrappers(other), 1)
        wrapped = MMSeparateDistributedDataParallel(
            model, find_unused_parameters=True)
        optim_wrapper = wrappers(model)
        torch.manual_seed(get_rank())
        train_model(wrapped, optim_wrapper, 1)
        assert model.curr_stage == 1
        first, second = (dict(other.named_parameters()) for other in alone)
        moved = 0
        for name, p in model.named_parameters():
            name = name.replace('.module.', '.')
            torch.testing.assert_close(p, (first[name] + second[name]) / 2,
                                       rtol=1e-4, atol=1e-6)
            moved += not torch.equal(first[name], second[name])
        assert moved >= 13

    assert in_children(run, 2) == [0, 0]


def test_files_of_a_run(photo, tmp_path):
    assert train(run_config(photo, tmp_path), 1) == [0]
    kept = torch.load(tmp_path / 'pickle' / f'iter_{LAST}.pkl',
                      weights_only=True)
    assert kept['curr_stage'] == 2
    assert [tuple(noise.shape) for noise in kept['fixed_noises']] == [
        (1, 1, 12, 16), (1, 1, 15, 21), (1, 1, 20, 27)]
    state = read_checkpoint(tmp_path / f'iter_{LAST}.pth')['state_dict']
    assert torch.equal(kept['noise_weights'], state['pyramid.noise_weights'])
    sizes = [Image.open(path).size for path in sorted(tmp_path.rglob(
        'photo*.png'), key=lambda path: path.stat().st_mtime)]
    # After 3, 6, 9 and 12: two by two samples, with margins, of the scale that
    # training had reached.
    margins = sizes[0][0] - 2 * 16
    assert sizes == [(2 * width + margins, 2 * height + margins)
                     for width, height in ((16, 12), (21, 15), (27, 20),
                                           (27, 20))]


def test_a_half_trained_pyramid_goes_on_elsewhere(photo, tmp_path):
    """load_from takes over the weights and how far they are."""
    assert train(run_config(photo, tmp_path / 'a'), 1) == [0]
    cfg = run_config(photo, tmp_path / 'b')
    cfg['load_from'] = str(tmp_path / 'a' / 'iter_6.pth')
    cfg['train_cfg']['max_iters'] = 1
    assert train(cfg, 1) == [0]
    saved = read_checkpoint(tmp_path / 'b' / 'iter_1.pth')
    assert saved['state_dict']['pyramid.trained_iters'] == 7
    assert saved['optimizer']['generator_0']['state'] == {}
