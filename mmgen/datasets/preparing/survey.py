"""Look at every picture, with several processes.

What is written and what is found out depends on the picture and the settings
alone, not on the number of processes or on who was first.
"""
import functools
import hashlib
import os
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import (FIRST_COMPLETED, ProcessPoolExecutor,
                                as_completed, wait)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path

from mmgen.datasets.preparing.convert import (SkipImage, png, scale,
                                              square_image)
from mmgen.datasets.preparing.pictures import read_bytes
from mmgen.datasets.preparing.records import Record
from mmgen.datasets.preparing.settings import Settings
from mmgen.datasets.preparing.similar import (colour_grid, perceptual_hash,
                                              thumbnail)
from mmgen.datasets.sources import Source, open_source
from mmgen.utils.whole_file import whole_file

CHUNK = 8  # pictures that a process gets at a time
QUEUED = 4  # chunks for each process; bounds what waits in memory


@dataclass(frozen=True)
class Task:
    """What is done with each picture.

    Args:
        root: The folder or zip file of pictures.
        settings: What is asked for.
        staging: The folder for the images; None to write none.
    """
    root: Path
    settings: Settings
    staging: Path | None


def staged(staging: Path, index: int) -> Path:
    """An image that has not got its name yet.

    Without an ending, so that no dataset reads half a folder.
    """
    return staging / f'{index:08d}'


def survey(task: Task, records: Sequence[Record],
           workers: int) -> Iterator[list[Record]]:
    """Fill in records, and write the images if asked to.

    Args:
        task: What is done.
        records: Pictures with their names and labels only.
        workers: Processes; 1 for this one.

    Returns:
        Filled records, some at a time, in no order.

    Raises:
        RuntimeError: A process was killed.
    """
    chunks = [records[i:i + CHUNK] for i in range(0, len(records), CHUNK)]
    if workers == 1:
        for chunk in chunks:
            yield _examine(task, chunk)
        return
    # A plain fork would copy locks that threads of this process hold.
    context = get_context('forkserver')
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(
            workers, context, initializer=_start_worker) as pool:
        try:
            yield from _as_they_come(pool, task, chunks, QUEUED * workers)
        except BrokenProcessPool as error:
            raise RuntimeError(
                'prepare: a worker process was killed, perhaps because memory '
                'ran out. Start again to go on, with fewer --workers.'
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _as_they_come(pool: ProcessPoolExecutor, task: Task, chunks: list,
                  most: int) -> Iterator[list[Record]]:
    """The results of all chunks, of which at most ``most`` wait."""
    pending = set()
    for chunk in chunks:
        pending.add(pool.submit(_examine, task, chunk))
        if len(pending) >= most:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    yield from (future.result() for future in as_completed(pending))


def _start_worker() -> None:
    """Make this process end when its parent wants or is no more."""
    # Ctrl-C goes to all processes; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A killed parent does not say so; its workers would wait for ever.
    parent_process().join()
    os._exit(1)


@functools.lru_cache(maxsize=1)
def _source(root: Path) -> Source:
    """Kept, because opening an archive means to read its list."""
    return open_source(str(root))


def _examine(task: Task, records: list[Record]) -> list[Record]:
    """Fill in some records, and write their images if asked to."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of Pillow, about odd files
        for record in records:
            try:
                _examine_one(task, record)
            except SkipImage as skip:
                record.skipped, record.detail = skip.reason, skip.detail
    return records


def _examine_one(task: Task, record: Record) -> None:
    try:
        content = read_bytes(_source(task.root), record.file)
    except OSError as error:
        raise SkipImage('unreadable', error.strerror or str(error)) from error
    record.sha256 = hashlib.sha256(content).hexdigest()
    if task.settings.labels and record.label is None:
        raise SkipImage('no label')
    image = square_image(content, task.settings, record)
    small = thumbnail(image)
    record.hash = perceptual_hash(small).hex()
    record.colours = colour_grid(small).hex()
    if task.staging is not None:
        packed = png(scale(image, task.settings.resolution))
        record.num_bytes = len(packed)
        with whole_file(staged(task.staging, record.index)) as file:
            file.write(packed)
