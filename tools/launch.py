#!/usr/bin/env python
"""torchrun, with the exit code of its processes when they stopped politely.

torchrun ends with 1 whenever a process ends with a code other than 0, and
when it gets a signal itself. Here the processes of this machine may leave a
note that training was asked to stop and has saved; then the code written
there takes the place of the 1.
"""
import os
import sys
import tempfile
from pathlib import Path

from torch.distributed import run


def main() -> None:
    """Run torchrun's command line."""
    with tempfile.TemporaryDirectory(prefix='mmgen_launch_') as folder:
        note = Path(folder) / 'stopped'
        # Read by mark_stopped in mmgen/engine/signals.py.
        os.environ['MMGEN_STOPPED_FILE'] = str(note)
        try:
            run.main()
        except Exception:  # a failed process, or a signal to torchrun
            if not note.exists():
                raise
            sys.exit(int(note.read_text()))


if __name__ == '__main__':
    main()
