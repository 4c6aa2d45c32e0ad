"""Where weight files come from: a given path, the cache, or the network."""
from dataclasses import dataclass
from pathlib import Path

from mmgen.utils.cache_dir import cache_dir
from mmgen.utils.download import download
from mmgen.utils.file_hash import file_hash


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file.

    Attributes:
        url: Where it is downloaded from.
        filename: Its name in the cache.
        option: Keyword that names a local copy, for error messages.
        checksum: As `download` takes it, of sha256; None where none is
            known, and then the file is not downloaded: it could be any.
    """

    url: str
    filename: str
    option: str
    checksum: str | None

    def locate(self, path: str | None) -> tuple[Path, str]:
        """``path`` if it is there, else the cached file, else a download.

        Returns:
            The file and its sha256.

        Raises:
            FileNotFoundError: It is nowhere, and not downloaded.
            RuntimeError: The download failed or brought another file, or the
                cache holds another.
        """
        if path is not None and Path(path).is_file():
            return Path(path), file_hash(path)
        target = cache_dir() / self.filename
        if self.checksum is None:
            return self._unchecked(path, target)
        download(
            self.url,
            target,
            self.checksum,
            remedy=f'put it at {target}, or give its path with '
            f'{self.option}=...')
        # What lies in a cache may have changed since, and is code.
        found = file_hash(target)
        if not found.startswith(self.checksum.removeprefix('sha256:')):
            raise RuntimeError(
                f'{target} is not the file that {self.url} gives: its sha256 '
                f'is {found}, expected {self.checksum}. Delete it to have it '
                f'downloaded, or give a file with {self.option}=...')
        return target, found

    def _unchecked(self, path: str | None, target: Path) -> tuple[Path, str]:
        """The cached file as it is, where nothing tells the right one."""
        if not target.is_file():
            raise FileNotFoundError(
                f'{self.option}={path!r}: there is no such file, and no '
                f'{target}. No checksum of it is known, so it is not '
                f'downloaded: fetch {self.url} yourself and put it at '
                f'{target}, or give its path with {self.option}=...')
        return target, file_hash(target)
