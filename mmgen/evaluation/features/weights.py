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
        checksum: As `download` takes it, of sha256.
    """

    url: str
    filename: str
    option: str
    checksum: str

    def locate(self, path: str | None) -> tuple[Path, str]:
        """``path`` if it is there, else the cached file, else a download.

        Returns:
            The file and its sha256.

        Raises:
            RuntimeError: The download failed or brought another file, or the
                cache holds another.
        """
        if path is not None and Path(path).is_file():
            return Path(path), file_hash(path)
        target = cache_dir() / self.filename
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
