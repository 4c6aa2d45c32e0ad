"""A line at the bottom of the terminal that shows how training goes."""
import atexit
import datetime
import logging
import sys
import time
from typing import Any

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from rich import get_console
from rich.console import Console
from rich.live import Live
from rich.text import Text

from mmgen.engine.log_processor import iterations_of
from mmgen.registry import HOOKS

# Seconds between two renewals. Reading a loss waits for the device, so it is
# done at this rate and not in every iteration.
RENEWAL = 0.25
# Losses that fit beside the rest of the line.
MAX_LOSSES = 5
# Iterations over which the speed is averaged.
SPEED_WINDOW = 20


@HOOKS.register_module()
class LiveProgressHook(Hook):
    """Shows iteration, speed, remaining time, losses and memory.

    Only in the first process and only if its output is a terminal; otherwise
    the hook does nothing and the log lines say it all. Log lines, and what
    is printed, appear above the live line. Speed and remaining time come
    from the timer hook.

    Args:
        console: Where to write; None for rich's own console, which writes to
            the standard output and shows progress bars beside the line.
    """

    # After the timer, before the checkpoint.
    priority = 'LOW'

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._live: Live | None = None
        self._streams: list[tuple[logging.StreamHandler, Any]] = []
        self._losses: dict[str, float] = {}
        self._renewed = float('-inf')

    def before_train(self, runner: Any) -> None:
        console = self._console or get_console()
        if not is_main_process() or not console.is_terminal:
            return
        self.stop()
        self._live = Live(
            Text(''), console=console, auto_refresh=False, transient=True)
        self._live.start()
        self._put_log_above(runner.logger, console)
        # An exception ends training without after_train.
        atexit.register(self.stop)

    def after_train_iter(self, runner: Any, batch_idx: int,
                         data_batch: Any = None,
                         outputs: dict | None = None) -> None:
        if not self._is_due():
            return
        for name, value in (outputs or {}).items():
            if 'loss' in name:
                self._losses[name] = float(torch.as_tensor(value).detach())
        self._show(self._training_line(runner))

    def after_val_iter(self, runner: Any, batch_idx: int,
                       data_batch: Any = None, outputs: Any = None) -> None:
        if self._is_due():
            total = iterations_of(runner.val_loop)
            self._show(f'{_position(runner, 0)}  '
                       f'validation {batch_idx + 1}/{total}')

    def after_train(self, runner: Any) -> None:
        self.stop()

    def after_run(self, runner: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the line away and give the log its stream back."""
        if self._live is None:
            return
        self._live.stop()
        self._live = None
        for handler, stream in self._streams:
            handler.setStream(stream)
        self._streams.clear()
        atexit.unregister(self.stop)

    def _is_due(self) -> bool:
        """Whether it is time to renew the line."""
        now = time.monotonic()
        if self._live is None or now - self._renewed < RENEWAL:
            return False
        self._renewed = now
        return True

    def _show(self, line: str) -> None:
        self._live.update(
            Text(line, no_wrap=True, overflow='ellipsis'), refresh=True)

    def _training_line(self, runner: Any) -> str:
        parts = [_position(runner, 1), *_speed(runner)]
        for name in list(self._losses)[:MAX_LOSSES]:
            short = name.removeprefix('loss_')
            parts.append(f'{short} {self._losses[name]:.3g}')
        return '  '.join(parts + _memory())

    def _put_log_above(self, logger: logging.Logger, console: Console) -> None:
        """Send log lines for the terminal through the console."""
        terminals = (sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr,
                     getattr(sys.stdout, 'rich_proxied_file', None),
                     getattr(sys.stderr, 'rich_proxied_file', None))
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) \
                    and handler.stream in terminals:
                self._streams.append((handler, handler.stream))
                handler.setStream(_AboveTheLine(console))


class _AboveTheLine:
    """A stream whose text a console prints above its live line.

    Long lines are left to the terminal to wrap and colours stay as they are.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> int:
        self._console.out(text, end='', highlight=False)
        return len(text)

    def flush(self) -> None:
        """The console flushes after each write."""


def _position(runner: Any, offset: int) -> str:
    """The iteration; ``runner.iter`` lacks the current one until its end."""
    return f'iter {runner.iter + offset}/{runner.max_iters}'


def _speed(runner: Any) -> list[str]:
    """Images per second of all processes, and the remaining time."""
    parts = []
    if 'train/time' in runner.message_hub.log_scalars:
        seconds = runner.message_hub.get_scalar('train/time').mean(
            SPEED_WINDOW)
        batch_size = getattr(runner.train_dataloader, 'batch_size', None)
        if batch_size and seconds > 0:
            images = batch_size * get_world_size() / seconds
            parts.append(f'{images:.4g} img/s')
    eta = runner.message_hub.get_info('eta')
    if eta is not None:
        parts.append(f'eta {datetime.timedelta(seconds=int(eta))}')
    return parts


def _memory() -> list[str]:
    """The largest memory used so far: the GPU's, or the process's."""
    if torch.cuda.is_available():
        return [f'{torch.cuda.max_memory_allocated() / 2**30:.1f} GB']
    try:
        import resource  # only on Unix
    except ImportError:
        return []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, kilobytes elsewhere.
    unit = 1 if sys.platform == 'darwin' else 2**10
    return [f'{peak * unit / 2**30:.1f} GB']
