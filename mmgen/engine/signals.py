"""A polite end of training: a signal asks, the loop stops where it can resume.

Slurm sends SIGTERM, or SIGUSR1 with ``--signal=USR1@60``, some time before it
kills a job. The handler here only takes a note; the training loop asks once
per iteration whether to stop, saves a checkpoint and leaves with
:data:`EXIT_STOPPED`.
"""
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import torch
import torch.distributed as torch_dist
from mmengine.dist import get_comm_device, is_distributed

# The exit code of a run that was asked to stop, and saved before it did. Not 0
# (the training is not finished), not 1 (an error) and not 128 + n (killed).
EXIT_STOPPED = 85

# Set by tools/launch.py: where the processes of a machine leave a note.
STOPPED_FILE = 'MMGEN_STOPPED_FILE'


def mark_stopped() -> None:
    """Tell the launcher that this run saved and ends with `EXIT_STOPPED`.

    To be called when all ranks have saved, just before leaving. Without a
    launcher that asks for it nothing happens: the exit code says enough.
    """
    if path := os.environ.get(STOPPED_FILE):
        # Whole or not at all, as the other processes write it, too.
        part = Path(f'{path}.{os.getpid()}')
        part.write_text(str(EXIT_STOPPED))
        part.replace(path)


class StopRequest:
    """Takes note of SIGTERM and SIGUSR1; all ranks agree when to stop.

    Use it as a context around the training loop and call
    :meth:`agreed` once at the end of each iteration, on every rank::

        with StopRequest() as stop:
            while ...:
                ...
                if stop.agreed(now=validation_is_due):
                    save, wait for the other ranks, mark_stopped(),
                    leave with EXIT_STOPPED
                if validation_is_due:
                    validate

    A launcher may kill all processes as soon as one has left with a code
    other than 0, so let the ranks wait for each other after saving.

    How they agree: each iteration starts the reduction of one flag and reads
    that of the iteration before. Every rank reads the result of the same
    reduction, so all stop at the same iteration, one later than a single
    process would; and as the reduction has a whole iteration to finish,
    asking costs next to nothing and needs no interval that would be too long
    for slow iterations. It goes through the default group: with NCCL the flag
    is on the GPU, and nothing waits for more than the iteration before.
    Before something long, :meth:`agreed` with ``now=True`` waits for the flag
    of this very iteration.

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
        # The flag on its way round the ranks, and what waits for it.
        self._flag: torch.Tensor | None = None
        self._arrive: Callable | None = None

    def __enter__(self) -> 'StopRequest':
        # Python delivers signals to the main thread only and lets no other
        # thread install a handler. There a run cannot be asked by a signal.
        if threading.current_thread() is threading.main_thread():
            for number in self.signals:
                self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, exc_type: type | None, *_) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
        # After an error the other ranks may never answer.
        if exc_type is None:
            self._answer()
        self._flag = self._arrive = None

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = signal.Signals(number)

    def agreed(self, now: bool = False) -> bool:
        """Whether all ranks stop; to be called by all, equally often.

        Args:
            now: Wait until every rank has said whether it was asked up to
                now. The same on all ranks.
        """
        if not is_distributed():
            return self.received is not None
        if self._answer():
            return True
        self._ask()
        return now and self._answer()

    def _ask(self) -> None:
        """Send this rank's flag; the maximum over all comes back."""
        self._flag = torch.full((1, ),
                                float(self.received is not None),
                                device=get_comm_device())
        work = torch_dist.all_reduce(
            self._flag, op=torch_dist.ReduceOp.MAX, async_op=True)
        self._arrive = work.wait
        if self._flag.is_cuda:
            # Queues the copy behind the reduction; this process goes on.
            work.wait()
            self._flag = self._flag.to('cpu', non_blocking=True)
            copied = torch.cuda.Event()
            copied.record()
            self._arrive = copied.synchronize

    def _answer(self) -> bool:
        """Whether a flag that was sent came back set."""
        if self._arrive is None:
            return False
        self._arrive()
        self._arrive = None
        return self._flag.item() > 0
