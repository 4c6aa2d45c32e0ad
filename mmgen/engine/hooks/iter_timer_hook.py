"""How long an iteration takes, and how long training still will."""
import time
from typing import Any

from mmengine.hooks import Hook

from mmgen.engine.log_processor import iterations_of
from mmgen.registry import HOOKS

# Iterations over which the remaining time is judged: long enough to be
# steady, short enough to follow a model that grows during training.
ETA_WINDOW = 1000


@HOOKS.register_module()
class GenIterTimerHook(Hook):
    """Measures the iterations and nothing else.

    ``data_time`` is the wait for a batch and ``time`` that wait and the step,
    both in seconds. What happens between two iterations (validation, saving,
    pictures, logging) counts in neither. ``eta`` is the mean time of the
    latest iterations of this run, times those that remain; the first
    iteration after a start or resume, in which workers start up, is left out
    as soon as there is a second one.
    """

    priority = 'NORMAL'

    def __init__(self) -> None:
        self.restart()
        self._start_iter = 0
        self._train_eta: float | None = None
        self._epoch_time = 0.0
        self._epoch_length = 0
        self._has_restarter = False

    def restart(self) -> None:
        """Begin to wait for the next batch now."""
        self._lap = time.perf_counter()

    def before_run(self, runner: Any) -> None:
        """Have the clock restarted after all other hooks are through."""
        if not self._has_restarter:
            runner.register_hook(_ClockRestartHook(self), 'LOWEST')
            self._has_restarter = True

    def before_train(self, runner: Any) -> None:
        self._start_iter = runner.iter

    def _before_epoch(self, runner: Any, mode: str = 'train') -> None:
        self._epoch_time = 0.0
        self.restart()

    def _before_iter(self, runner: Any, batch_idx: int, data_batch: Any = None,
                     mode: str = 'train') -> None:
        waited = time.perf_counter() - self._lap
        runner.message_hub.update_scalar(f'{mode}/data_time', waited)

    def _after_iter(self, runner: Any, batch_idx: int, data_batch: Any = None,
                    outputs: Any = None, mode: str = 'train') -> None:
        duration = time.perf_counter() - self._lap
        self.restart()
        runner.message_hub.update_scalar(f'{mode}/time', duration)
        if mode == 'train':
            eta = self._train_eta = self._remaining_training(runner)
        else:
            if self._epoch_time == 0:  # a loop may have to count, so ask once
                self._epoch_length = iterations_of(
                    runner.val_loop if mode == 'val' else runner.test_loop)
            self._epoch_time += duration
            remaining = max(self._epoch_length - batch_idx - 1, 0)
            eta = self._epoch_time / (batch_idx + 1) * remaining
        runner.message_hub.update_info('eta', eta)

    def after_val(self, runner: Any) -> None:
        """Give training its remaining time back."""
        if self._train_eta is None:
            runner.message_hub.pop_info('eta')
        else:
            runner.message_hub.update_info('eta', self._train_eta)

    def _remaining_training(self, runner: Any) -> float:
        """Seconds for the iterations that remain."""
        done = runner.iter + 1 - self._start_iter
        window = min(max(done - 1, 1), ETA_WINDOW)
        mean = runner.message_hub.get_scalar('train/time').mean(window)
        return float(mean) * (runner.max_iters - runner.iter - 1)


class _ClockRestartHook(Hook):
    """Restarts a timer's clock when the hooks of a stage are through.

    The timer itself has to come before the logger and so cannot see when
    logging, pictures and saving end.
    """

    priority = 'LOWEST'

    def __init__(self, timer: GenIterTimerHook) -> None:
        self._timer = timer

    def _before_epoch(self, runner: Any, mode: str = 'train') -> None:
        self._timer.restart()

    def _after_iter(self, runner: Any, batch_idx: int, data_batch: Any = None,
                    outputs: Any = None, mode: str = 'train') -> None:
        self._timer.restart()

    def after_val(self, runner: Any) -> None:
        self._timer.restart()
