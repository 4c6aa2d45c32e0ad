"""What a log line says."""
from typing import Any

import numpy as np
from mmengine.runner import LogProcessor
from mmengine.runner.base_loop import BaseLoop

from mmgen.registry import LOG_PROCESSORS


def iterations_of(loop: BaseLoop) -> int:
    """Iterations of one pass of a validation or test loop.

    A generative loop draws its own samples and says how many iterations that
    takes in ``total_length``; any other loop goes through its data loader.
    """
    length = getattr(loop, 'total_length', None)
    return len(loop.dataloader) if length is None else int(length)


@LOG_PROCESSORS.register_module()
class GenLogProcessor(LogProcessor):
    """Log lines of generative models.

    As MMEngine's, but a validation's or test's line counts the iterations
    that its loop really does, and all values are Python numbers. Keywords
    are MMEngine's: values whose name matches ``mean_pattern`` (losses and
    times) are averaged over ``window_size`` iterations, the others are the
    latest.
    """

    def get_log_after_epoch(self,
                            runner: Any,
                            batch_idx: int,
                            mode: str,
                            with_non_scalar: bool = False
                            ) -> tuple[dict, str]:
        """The line after a validation or test.

        Args:
            runner: The runner.
            batch_idx: Not used: the logger hook hands over the length of a
                data loader, but the times are averaged over the loop's own
                iterations.
            mode: ``'val'`` or ``'test'``.
            with_non_scalar: Whether the values include those that are no
                numbers.

        Returns:
            The values by name, and the line.
        """
        last = self._get_dataloader_size(runner, mode) - 1
        return super().get_log_after_epoch(runner, last, mode,
                                           with_non_scalar)

    def _get_dataloader_size(self, runner: Any, mode: str) -> int:
        return iterations_of(self._get_cur_loop(runner, mode))

    def _collect_scalars(self, *args: Any, **kwargs: Any) -> dict:
        scalars = super()._collect_scalars(*args, **kwargs)
        for name, value in scalars.items():
            if isinstance(value, np.generic):
                scalars[name] = value.item()
        return scalars
