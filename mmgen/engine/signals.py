"""A polite end of training: a signal asks, the loop stops where it can resume.

Slurm sends SIGTERM, or SIGUSR1 with ``--signal=USR1@60``, some time before it
kills a job. The handler here only takes a note; the training loop asks once
per iteration whether to stop, saves a checkpoint and leaves with
:data:`EXIT_STOPPED`.
"""
import signal
import threading
from types import FrameType

import torch
import torch.distributed as torch_dist

from mmengine.dist import is_distributed

# The exit code of a run that was asked to stop, and saved before it did. Not 0
# (the training is not finished), not 1 (an error) and not 128 + n (killed).
EXIT_STOPPED = 85


class StopRequest:
    """Takes note of SIGTERM and SIGUSR1; all ranks agree when to stop.

    Use it as a context around the training loop and call
    :meth:`agreed` once at the end of each iteration, on every rank::

        with StopRequest() as stop:
            while ...:
                ...
                if stop.agreed():
                    save, wait for the other ranks, leave with EXIT_STOPPED

    A launcher may kill all processes as soon as one has left with a code
    other than 0, so let the ranks wait for each other after saving.

    How they agree: each iteration starts the reduction of one flag and reads
    that of the iteration before. Every rank reads the result of the same
    reduction, so all stop at the same iteration, one later than a single
    process would; and as the reduction has a whole iteration to finish,
    asking costs next to nothing and needs no interval that would be too long
    for slow iterations. It runs on the CPU in a group of its own, so it does
    not wait for the GPU.

    Args:
        signals: The signals that ask to stop.
    """

    def __init__(
        self,
        signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGUSR1)
    ) -> None:
        self.signals = signals
        # The signal that came to this rank, None as long as none has.
        self.received: signal.Signals | None = None
        self._previous: dict = {}
        self._group = None
        self._flag = torch.zeros(1)
        self._work = None

    def __enter__(self) -> 'StopRequest':
        # Python delivers signals to the main thread only and lets no other
        # thread install a handler. There a run cannot be asked by a signal.
        if threading.current_thread() is threading.main_thread():
            for number in self.signals:
                self._previous[number] = signal.signal(number, self._receive)
        if is_distributed():
            self._group = torch_dist.new_group(backend='gloo')
        return self

    def __exit__(self, exc_type: type | None, *_) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
        # After an error the other ranks may never answer.
        if self._work is not None and exc_type is None:
            self._work.wait()
        self._work = None
        if self._group is not None and exc_type is None:
            torch_dist.destroy_process_group(self._group)
        self._group = None

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = signal.Signals(number)

    def agreed(self) -> bool:
        """Whether all ranks stop now; to be called by all, once an iteration.
        """
        if self._group is None:
            return self.received is not None
        if self._work is not None:
            self._work.wait()
            if self._flag.item() > 0:
                self._work = None
                return True
        self._flag = torch.full((1, ), float(self.received is not None))
        self._work = torch_dist.all_reduce(
            self._flag,
            op=torch_dist.ReduceOp.MAX,
            group=self._group,
            async_op=True)
        return False
