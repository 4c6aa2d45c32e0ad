"""How far a long piece of work has come: a live line, or lines in the log."""
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmengine.dist import is_main_process
from mmengine.logging import print_log
from rich import get_console
from rich.errors import LiveError
from rich.progress import (BarColumn, MofNCompleteColumn, Progress,
                           TextColumn, TimeRemainingColumn)

SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def progress(title: str,
             total: int | None,
             unit: str = 'images') -> Iterator[Callable[[int], None]]:
    """Show how much of ``total`` is done, on the main process only.

    Args:
        title: What is being done.
        total: Amount of work, None if unknown.
        unit: What ``total`` counts.

    Returns:
        Context whose value is a function to call with each amount done: a
        line with a bar that vanishes at the end in a terminal, elsewhere a
        line in the log now and then.
    """
    if not is_main_process():
        yield lambda amount: None
    elif (bar := _start_bar(unit)) is not None:
        task = bar.add_task(title, total=total)
        try:
            yield lambda amount: bar.advance(task, amount)
        finally:
            bar.stop()
    else:
        yield _LogLines(title, total, unit)


def _start_bar(unit: str) -> Progress | None:
    """A live bar, or ``None`` where the output cannot show one."""
    console = get_console()
    if not console.is_terminal:
        return None
    bar = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        console=console,
        transient=True)
    try:
        bar.start()
    except LiveError:  # older versions of rich show one live display only
        return None
    return bar


class _LogLines:
    """Log the state every ``SECONDS_BETWEEN_LINES``, and at the end."""

    def __init__(self, title: str, total: int | None, unit: str) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = 0
        self.start = self.last = time.monotonic()

    def __call__(self, amount: int) -> None:
        self.done += amount
        now = time.monotonic()
        ended = self.total is not None and self.done >= self.total
        if not ended and now - self.last < SECONDS_BETWEEN_LINES:
            return
        self.last = now
        seconds = max(now - self.start, 1e-9)
        rate = self.done / seconds
        total = '' if self.total is None else f'/{self.total}'
        rest = f'in {seconds:.1f} s' if ended or self.total is None \
            else f'{(self.total - self.done) / rate:.0f} s to go'
        print_log(
            f'{self.title}: {self.done}{total} {self.unit}, '
            f'{rate:.3g}/s, {rest}',
            logger='current',
            level=logging.INFO)
