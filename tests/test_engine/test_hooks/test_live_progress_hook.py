"""The live line: in a terminal only, below the log, and gone at the end."""
import io
import logging
import re

import pytest
import torch
from rich.console import Console
from torch.utils.data import DataLoader

from mmgen.engine.hooks import LiveProgressHook
from mmgen.engine.hooks import live_progress_hook as module

CONTROL = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')


@pytest.fixture
def terminal() -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=200, color_system=None)


@pytest.fixture(autouse=True)
def every_time(monkeypatch):
    """Renew the line at each iteration, however fast they are."""
    monkeypatch.setattr(module, 'RENEWAL', 0.0)


def written(console: Console) -> list[str]:
    """The lines as they were written, without control codes."""
    text = CONTROL.sub('', console.file.getvalue()).replace('\r', '\n')
    return [line.rstrip() for line in text.split('\n') if line.strip()]


def terminal_handler(runner) -> logging.StreamHandler:
    return next(h for h in runner.logger.handlers
                if type(h) is logging.StreamHandler)


def test_the_line_says_how_training_goes(make_runner, terminal):
    runner = make_runner(LiveProgressHook(terminal), max_iters=3)
    runner.train()
    lines = [line for line in written(terminal) if line.startswith('iter')]
    assert lines[0].startswith('iter 1/3')
    assert any(line.startswith('iter 3/3') for line in lines)
    assert re.fullmatch(
        r'iter 2/3  [\d.e+]+ img/s  eta \d:\d\d:\d\d  disc [\d.e-]+  '
        r'gen [\d.e-]+  [\d.]+ GB',
        [line for line in lines if line.startswith('iter 2/3')][-1])


def test_log_lines_stand_above_it_whole(make_runner, terminal):
    runner = make_runner(LiveProgressHook(terminal), max_iters=2)
    terminal_handler(runner).setStream(module.sys.stdout)
    long = 'x' * 500

    class Speaker(LiveProgressHook):
        """Logs in the midst of training."""
        priority = 'LOWEST'

        def after_train_iter(self, runner, *args, **kwargs):
            runner.logger.info(long)

    runner.register_hook(Speaker(), 'LOWEST')
    runner.train()
    lines = written(terminal)
    assert sum(line.endswith(long) for line in lines) == 2
    first = next(i for i, line in enumerate(lines) if line.endswith(long))
    assert lines[first + 1].startswith('iter 1/2')


def test_nothing_is_left_at_the_end(make_runner, terminal):
    hook = LiveProgressHook(terminal)
    runner = make_runner(hook, max_iters=2)
    handler = terminal_handler(runner)
    stream = handler.stream
    stdout, stderr = module.sys.stdout, module.sys.stderr
    runner.train()
    assert handler.stream is stream
    assert (module.sys.stdout, module.sys.stderr) == (stdout, stderr)
    shown = terminal.file.getvalue()
    assert shown.count('\x1b[?25l') == shown.count('\x1b[?25h') == 1
    # The last thing written: up to the line, and the line erased.
    assert shown.endswith('\x1b[1A\x1b[2K')


def test_an_exception_leaves_a_line_that_the_exit_takes_away(
        make_runner, terminal, monkeypatch):
    kept = []
    monkeypatch.setattr(module.atexit, 'register', kept.append)
    monkeypatch.setattr(module.atexit, 'unregister', kept.remove)
    runner = make_runner(LiveProgressHook(terminal), max_iters=2)
    stream = terminal_handler(runner).stream

    def broken(*args, **kwargs):
        raise RuntimeError('no more memory')

    runner.model.train_step = broken
    with pytest.raises(RuntimeError, match='no more memory'):
        runner.train()
    assert len(kept) == 1
    kept[0]()
    assert kept == []
    assert terminal_handler(runner).stream is stream
    assert '\x1b[?25h' in terminal.file.getvalue()


def test_without_a_terminal_nothing_is_written(make_runner):
    console = Console(file=io.StringIO(), force_terminal=False)
    runner = make_runner(LiveProgressHook(console), max_iters=2)
    stream = terminal_handler(runner).stream
    runner.train()
    assert console.file.getvalue() == ''
    assert terminal_handler(runner).stream is stream


def test_losses_are_read_at_the_rate_of_the_line(make_runner, terminal,
                                                 monkeypatch):
    monkeypatch.setattr(module, 'RENEWAL', 3600.0)
    read = []

    class Loss(torch.Tensor):
        """Notes when its value is asked for."""

        def __float__(self) -> float:
            read.append(1)
            return super().__float__()

    hook = LiveProgressHook(terminal)
    runner = make_runner(max_iters=1)
    runner.train()
    hook.before_train(runner)
    for _ in range(5):
        hook.after_train_iter(
            runner, 0, outputs=dict(loss=torch.tensor(1.).as_subclass(Loss)))
    hook.stop()
    assert len(read) == 1


def test_a_validation_is_shown(make_runner, terminal):
    hook = LiveProgressHook(terminal)
    runner = make_runner(
        max_iters=2,
        val_cfg=dict(type='mmengine.ValLoop'),
        val_dataloader=DataLoader(range(7)),
        val_evaluator=dict(type='mmengine.Evaluator', metrics=[]))
    hook.before_train(runner)
    hook.after_val_iter(runner, 2)
    hook.stop()
    assert 'iter 0/2  validation 3/7' in written(terminal)
