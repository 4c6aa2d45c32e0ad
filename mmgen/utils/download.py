"""Files from the network: whole and checked, or not there."""
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from mmgen.utils.file_hash import file_hash
from mmgen.utils.progress import progress
from mmgen.utils.whole_file import whole_file

TIMEOUT_SECONDS = 30


def download(url: str,
             target: str | Path,
             checksum: str = '',
             remedy: str | None = None) -> Path:
    """Fetch ``url`` to ``target``, unless that is there.

    Processes that ask for one file at the same time wait for the first one's
    download.

    Args:
        url: The address: ``https``, ``http``, ``ftp`` or ``file``.
        target: The file; its folder is made.
        checksum: The hash's name and at least its first digits,
            ``'sha256:6726825d'``; empty if unknown.
        remedy: What a user may do if it fails, for the message; None for
            putting the file at ``target``.

    Returns:
        ``target``.

    Raises:
        RuntimeError: The download failed, or brought less than the server
            said or another file.
    """
    target = Path(target)
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f'{target}.lock'):
        if not target.is_file():
            try:
                with whole_file(target) as file:
                    title = f'Downloading {target.name}'
                    expected = _fetch(url, title, file)
                    _check(file, expected, checksum)
            except (OSError, HTTPException, ValueError) as error:
                remedy = remedy or f'put it at {target}'
                raise RuntimeError(
                    f'Download of {url} failed: {error}. Fetch the file '
                    f'yourself and {remedy}.') from error
    return target


def _fetch(url: str, title: str, file: BinaryIO) -> int | None:
    """Write the answer to ``file``; the size that the server named."""
    request = urllib.request.Request(url, headers={'User-Agent': 'mmgen'})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        length = answer.headers.get('Content-Length')
        total = int(length) if length else None
        with progress(title, total, 'bytes') as advance:
            while block := answer.read(1 << 18):
                file.write(block)
                advance(len(block))
    return total


def _check(file: BinaryIO, expected: int | None, checksum: str) -> None:
    """Refuse what is cut short or another file."""
    size = file.tell()
    if expected is not None and size != expected:
        raise ValueError(f'got {size} bytes, expected {expected}')
    if not size:
        raise ValueError('got an empty file')
    if checksum:
        algorithm, digits = checksum.split(':')
        file.flush()
        found = file_hash(file.name, algorithm)
        if not found.startswith(digits):
            raise ValueError(
                f'its {algorithm} is {found}, expected {digits}...')
