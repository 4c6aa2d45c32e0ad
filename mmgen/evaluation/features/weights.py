"""Where weight files come from: a given path, the cache, or the network."""
import os
import tempfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from mmgen.evaluation.fingerprint import sha256_file
from mmgen.evaluation.progress import progress

TIMEOUT_SECONDS = 30


def cache_dir() -> Path:
    """Folder for weights and statistics: ``MMGEN_CACHE_DIR`` if set."""
    default = Path.home() / '.cache' / 'mmgen'
    return Path(os.environ.get('MMGEN_CACHE_DIR') or default)


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file.

    Attributes:
        url: Where it is downloaded from.
        filename: Its name in the cache.
        option: Keyword that names a local copy, for error messages.
        sha256_prefix: First digits of its SHA-256, ``''`` if unknown.
    """

    url: str
    filename: str
    option: str
    sha256_prefix: str = ''

    def locate(self, path: str | None) -> Path:
        """``path`` if it is there, else the cached file, else a download.

        Raises:
            RuntimeError: The download failed or brought another file.
        """
        if path is not None and Path(path).is_file():
            return Path(path)
        target = cache_dir() / self.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        # Processes that start together wait for the first one's download.
        with FileLock(f'{target}.lock'):
            if not target.is_file():
                self._download(target)
        return target

    def _download(self, target: Path) -> None:
        handle, name = tempfile.mkstemp(dir=target.parent, suffix='.part')
        os.close(handle)
        part = Path(name)
        try:
            expected = self._fetch(part)
            self._check(part, expected)
            os.replace(part, target)
        except (OSError, HTTPException, _Damaged) as error:
            raise RuntimeError(
                f'Download of {self.url} failed: {error}. Fetch the file '
                f'yourself and put it at {target}, or give its path with '
                f'{self.option}=...') from error
        finally:
            part.unlink(missing_ok=True)

    def _fetch(self, part: Path) -> int | None:
        """Write the answer to ``part``; the size that the server named."""
        request = urllib.request.Request(
            self.url, headers={'User-Agent': 'mmgen'})
        with urllib.request.urlopen(
                request, timeout=TIMEOUT_SECONDS) as answer:
            length = answer.headers.get('Content-Length')
            total = int(length) if length else None
            title = f'Downloading {self.filename}'
            with open(part, 'wb') as file, \
                    progress(title, total or 0, 'bytes') as advance:
                while block := answer.read(1 << 18):
                    file.write(block)
                    advance(len(block))
        return total

    def _check(self, part: Path, expected: int | None) -> None:
        """Refuse what is cut short or another file."""
        size = part.stat().st_size
        if expected is not None and size != expected:
            raise _Damaged(f'got {size} bytes, expected {expected}')
        if not size:
            raise _Damaged('got an empty file')
        sha256 = sha256_file(part)
        if not sha256.startswith(self.sha256_prefix):
            raise _Damaged(f'its sha256 is {sha256}, expected '
                           f'{self.sha256_prefix}...')


class _Damaged(Exception):
    """What came is not the file that was asked for."""
