"""Files that are there as a whole, or not at all."""
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write, which gets its name at the end of the ``with`` block.

    The content is on the disk before the name changes, so that whatever ends
    the program leaves either the old file or the new one. An error inside the
    block leaves the old one.

    Args:
        path: The file; its folder is there.
    """
    path = Path(path)
    # Neither a process nor a machine that writes the same file has this name.
    draft = path.with_name(f'.{path.name}.{secrets.token_hex(4)}.tmp')
    try:
        with open(draft, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
