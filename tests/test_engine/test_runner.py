"""The runner: loading in four ways, stopping politely, joint gradients."""
import atexit
import os
import signal
import weakref

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from tiny_runs import in_children, tiny_config, write_images

from mmgen.engine.runner import build_runner
from mmgen.engine.signals import EXIT_STOPPED
from mmgen.engine.train_loop import GenTrainLoop
from mmgen.utils.unwrap import unwrap
from mmgen.utils.checkpoint_file import read_checkpoint


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('images'))


@pytest.fixture(scope='module')
def trained(data_root, tmp_path_factory):
    """The work directory of four iterations, one checkpoint every two."""
    work_dir = tmp_path_factory.mktemp('trained')
    cfg = tiny_config(data_root, work_dir, max_iters=4)
    cfg['default_hooks']['checkpoint']['interval'] = 2
    assert in_children(lambda: build_runner(Config(cfg)).train()) == [0]
    return work_dir


def prepared(data_root, work_dir, **settings):
    """A runner that has loaded what ``settings`` ask for."""
    cfg = Config(dict(tiny_config(data_root, work_dir), **settings))
    runner = build_runner(cfg)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.param_schedulers = runner.build_param_scheduler(
        runner.param_schedulers)
    runner.load_or_resume()
    return runner


def has_weights(runner, path):
    state = read_checkpoint(path)['state_dict']
    return all(torch.equal(value, state[key])
               for key, value in runner.model.state_dict().items())


def test_resume_without_load_from(data_root, trained):
    runner = prepared(data_root, trained, resume=True)
    assert runner.iter == 4
    assert has_weights(runner, trained / 'iter_4.pth')
    assert runner.optim_wrapper['generator'].optimizer.state_dict()['state']


def test_resume_with_load_from(data_root, trained, tmp_path):
    runner = prepared(
        data_root,
        tmp_path,
        resume=True,
        load_from=str(trained / 'iter_2.pth'))
    assert runner.iter == 2
    assert has_weights(runner, trained / 'iter_2.pth')


def test_load_from_without_resume(data_root, trained, tmp_path):
    runner = prepared(
        data_root, tmp_path, load_from=str(trained / 'iter_4.pth'))
    assert runner.iter == 0
    assert has_weights(runner, trained / 'iter_4.pth')
    assert not runner.optim_wrapper['generator'].optimizer.state_dict()['state']


def test_neither(data_root, trained, tmp_path):
    runner = prepared(data_root, tmp_path)
    assert runner.iter == 0
    assert not has_weights(runner, trained / 'iter_4.pth')


def test_resume_where_there_is_nothing(data_root, tmp_path):
    assert prepared(data_root, tmp_path, resume=True).iter == 0


def test_checkpoint_of_a_run_needs_no_trust(trained):
    checkpoint = torch.load(trained / 'iter_4.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 4
    assert checkpoint['meta']['seed'] == 2022
    assert 'train/loss_gen' in checkpoint['message_hub']['log_scalars']


def test_seed_of_the_checkpoint_is_taken_over(data_root, trained, tmp_path):
    runner = prepared(
        data_root,
        tmp_path,
        resume=True,
        load_from=str(trained / 'iter_2.pth'),
        randomness=dict(seed=1))
    assert runner.base_seed == 2022


def test_no_process_group_outlives_the_program(data_root, tmp_path):
    """One that does may kill the process with work and all done."""
    cfg = dict(tiny_config(data_root, tmp_path, max_iters=2),
               launcher='pytorch')

    def run():
        build_runner(Config(cfg)).train()
        group = weakref.ref(torch.distributed.group.WORLD)
        assert group() is not None
        atexit._run_exitfuncs()
        assert group() is None

    assert in_children(run, world_size=2) == [0, 0]


def test_mmengines_runner_trains_and_resumes(data_root, tmp_path):
    """A 1.x config in the hands of a plain Runner."""
    cfg = tiny_config(data_root, tmp_path, max_iters=2)
    cfg['train_dataloader']['collate_fn'] = dict(type='pseudo_collate')

    def run(max_iters, resume):
        settings = Config(dict(cfg, resume=resume))
        settings.train_cfg.max_iters = max_iters
        runner = Runner.from_cfg(settings)
        runner.train()
        assert runner.iter == max_iters

    assert in_children(lambda: run(2, False)) == [0]
    assert in_children(lambda: run(4, True)) == [0]
    torch.load(tmp_path / 'iter_4.pth', weights_only=True)


class SignalAt(Hook):
    """Send this process a signal in the middle of an iteration."""

    def __init__(self, iteration, number):
        self.iteration = iteration
        self.number = number

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGUSR1])
def test_signal_saves_and_exits(number, data_root, tmp_path):
    cfg = Config(tiny_config(data_root, tmp_path, max_iters=20))

    def run():
        runner = build_runner(cfg)
        runner.register_hook(SignalAt(4, number))
        runner.train()

    assert in_children(run) == [EXIT_STOPPED]
    assert read_checkpoint(tmp_path / 'iter_5.pth')['meta']['iter'] == 5


def test_signal_to_one_of_two_stops_both(data_root, tmp_path):
    cfg = Config(
        dict(tiny_config(data_root, tmp_path, max_iters=50),
             launcher='pytorch'))

    def run():
        runner = build_runner(cfg)
        if runner.rank == 1:
            runner.register_hook(SignalAt(4, signal.SIGTERM))
        runner.train()

    assert in_children(run, 2) == [EXIT_STOPPED, EXIT_STOPPED]
    saved = list(tmp_path.glob('iter_*.pth'))
    assert len(saved) == 1
    assert read_checkpoint(saved[0])['meta']['iter'] < 50


def test_a_checkpoint_behind_an_address_is_fetched_into_the_cache(
        data_root, trained, tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))
    runner = prepared(
        data_root,
        tmp_path / 'run',
        load_from=(trained / 'iter_2.pth').as_uri())
    assert has_weights(runner, trained / 'iter_2.pth')
    assert (tmp_path / 'cache' / 'checkpoints' / 'iter_2.pth').is_file()


def test_loop_of_a_plain_config_is_ours(data_root, tmp_path):
    runner = prepared(data_root, tmp_path)
    assert type(runner.train_loop) is GenTrainLoop


# ------------------------------------------------------------ two processes


def joint_inputs():
    """Images, labels and noise of a joint batch of eight."""
    rng = torch.Generator().manual_seed(3)
    images = torch.randint(
        0, 256, (8, 3, 32, 32), generator=rng, dtype=torch.uint8)
    labels = torch.randint(0, 3, (8, ), generator=rng)
    noise = [torch.randn(8, 8, generator=rng) for _ in range(2)]
    return images, labels, noise


def one_step(data_root, work_dir, out, world_size):
    """One train step on a rank's part of the joint batch."""
    from mmgen.structures import GenDataSample
    cfg = tiny_config(data_root, work_dir, 'biggan')
    for wrapper in ('generator', 'discriminator'):
        cfg['optim_wrapper'][wrapper] = dict(
            optimizer=dict(type='SGD', lr=1.0))
    cfg['launcher'] = 'pytorch' if world_size > 1 else 'none'
    runner = build_runner(Config(cfg))
    model = unwrap(runner.model)
    state = read_checkpoint(work_dir / 'start.pth')['state_dict']
    model.load_state_dict(state)
    images, labels, noise = joint_inputs()
    part = slice(runner.rank, None, world_size)
    given = iter(noise)
    model.draw_conditions = lambda n: dict(
        noise=next(given)[part], label=labels[part])
    samples = [GenDataSample().set_gt_label(int(k)) for k in labels[part]]
    optimizers = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.model.train()
    runner.model.train_step(
        dict(inputs=dict(img=images[part]), data_samples=samples), optimizers)
    if runner.rank == 0:
        torch.save(model.state_dict(), out)


def test_two_processes_equal_one_on_the_joint_batch(data_root, tmp_path):
    """BigGAN with synchronised batch norm: weights after a step of SGD."""
    start = build_runner(
        Config(tiny_config(data_root, tmp_path / 'start', 'biggan'))).model
    torch.save(
        dict(state_dict=start.state_dict(), meta={}), tmp_path / 'start.pth')
    for world_size in (1, 2):
        out = tmp_path / f'{world_size}.pth'
        codes = in_children(
            lambda: one_step(data_root, tmp_path, out, world_size), world_size)
        assert codes == [0] * world_size
    one, two = (torch.load(tmp_path / f'{n}.pth') for n in (1, 2))
    assert one.keys() == two.keys()
    for network in ('generator', 'discriminator', 'generator_ema'):
        keys = [key for key in one if key.startswith(f'{network}.')]
        steps = {key: one[key] - start.state_dict()[key] for key in keys}
        # Biases in front of a norm have a gradient of zero but for rounding,
        # so rounding is measured against the largest gradient.
        largest = max(step.abs().max().item() for step in steps.values())
        assert largest > 0
        for key in keys:
            difference = (two[key] - one[key]).abs().max().item()
            assert difference <= 1e-4 * largest, key


def test_missing_weights_of_a_metric_stop_the_run_at_its_start(
        tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))
    cfg = tiny_config(write_images(tmp_path / 'data'), tmp_path / 'run')
    cfg['val_evaluator'] = dict(
        type='PR', fake_nums=6, vgg16_script=str(tmp_path / 'vgg16.pt'))
    runner = build_runner(Config(cfg))
    with pytest.raises(FileNotFoundError, match='fetch .*vgg16.pt yourself'):
        runner.train()
    assert runner.iter == 0 and not list((tmp_path / 'run').glob('*.pth'))
