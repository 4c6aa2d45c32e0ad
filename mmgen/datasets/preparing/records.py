"""What is known about each picture, and the journal that keeps it.

The journal is what makes a run restartable: a line is added when a picture is
done, and its last line may be torn.
"""
import fcntl
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(slots=True)
class Record:
    """One picture.

    Args:
        index: Its place among all pictures, from 0; what is written is named
            after it.
        file: Its name in the input.
        label: The name of its class; None without.
        skipped: Why it is left out, in two or three words; None if it is not.
        detail: More about that.
        size: Width and height when upright, pixels.
        format: Pillow's name of the file format.
        mode: Pillow's name of the kind of pixels.
        profile: The colour profile's name; None without.
        rotated: Whether EXIF says that it has to be turned.
        animated: Whether there are more pictures in the file.
        alpha: ``'none'``, ``'opaque'`` or ``'clear'``.
        sha256: Of the file.
        hash: The 64 bits of its perceptual hash, hexadecimal.
        colours: Its colours in a grid, uint8 RGB, hexadecimal.
        num_bytes: Of the image that was written; 0 if none was.
    """
    index: int
    file: str
    label: str | int | None = None
    skipped: str | None = None
    detail: str = ''
    size: tuple[int, int] | None = None
    format: str | None = None
    mode: str | None = None
    profile: str | None = None
    rotated: bool = False
    animated: bool = False
    alpha: str = 'none'
    sha256: str = ''
    hash: str = ''
    colours: str = ''
    num_bytes: int = 0


class Journal:
    """The records of a run in a file, kept for this process alone.

    Args:
        path: The file; it need not be there.

    Raises:
        RuntimeError: Another process is at work on it.
    """

    def __init__(self, path: Path):
        self._file = open(path, 'a+b')  # noqa: SIM115 open until `close`
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise RuntimeError(
                f'prepare: another process is writing to {path.parents[1]}. '
                'Wait until it has ended, or choose another OUT.') from error

    def read(self) -> dict[int, Record]:
        """The records by their index; a torn line at the end is removed."""
        self._file.seek(0)
        records, whole = {}, 0
        for line in self._file:
            if not line.endswith(b'\n'):
                break
            record = Record(**json.loads(line))
            record.size = record.size and tuple(record.size)
            records[record.index] = record
            whole += len(line)
        self._file.truncate(whole)
        return records

    def add(self, records: Iterable[Record]) -> None:
        """Write records, so that they are there if the process is killed."""
        for record in records:
            self._file.write(json.dumps(asdict(record)).encode() + b'\n')
        self._file.flush()

    def close(self) -> None:
        self._file.close()
