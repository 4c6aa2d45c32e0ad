"""Keeps the log history short."""
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer

from mmgen.registry import HOOKS


@HOOKS.register_module()
class HistoryLimitHook(Hook):
    """Limits the number of values that the message hub keeps for each name.

    MMEngine copies the whole history of a value each time one is added, by
    default up to a million entries, which makes long runs slow and their
    checkpoints large. The limit is set again and again because the hub makes
    a history when a name appears for the first time.

    Args:
        max_length: Values kept for each name.
        interval: Iterations between two settings of the limit.

    Raises:
        ValueError: One of them is below 1.
    """

    priority = 'NORMAL'

    def __init__(self, max_length: int = 10000, interval: int = 100) -> None:
        if max_length < 1 or interval < 1:
            raise ValueError(
                f'HistoryLimitHook: max_length={max_length}, interval='
                f'{interval}, expected both to be at least 1.')
        self.max_length = max_length
        self.interval = interval

    def before_train(self, runner: Any) -> None:
        self._limit(runner.message_hub.log_scalars)

    def after_train_iter(self, runner: Any, batch_idx: int,
                         data_batch: Any = None, outputs: Any = None) -> None:
        if self.every_n_train_iters(runner, self.interval):
            self._limit(runner.message_hub.log_scalars)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        self._limit(runner.message_hub.log_scalars)
        if 'message_hub' in checkpoint:
            self._limit(checkpoint['message_hub']['log_scalars'])

    def _limit(self, histories: dict[str, Any]) -> None:
        """Set the limit on each history and cut those that are longer."""
        for name, history in histories.items():
            if not isinstance(history, HistoryBuffer):
                continue  # already turned into plain values for a file
            values, counts = history.data
            if len(values) > self.max_length:
                histories[name] = HistoryBuffer(
                    values[-self.max_length:],
                    counts[-self.max_length:],
                    max_length=self.max_length)
            else:
                history.max_length = self.max_length
