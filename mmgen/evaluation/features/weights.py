"""Where weight files come from: a given path, the cache, or the network."""
from dataclasses import dataclass
from pathlib import Path

from mmgen.utils.cache_dir import cache_dir
from mmgen.utils.download import download


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file.

    Attributes:
        url: Where it is downloaded from.
        filename: Its name in the cache.
        option: Keyword that names a local copy, for error messages.
        checksum: As `download` takes it, ``''`` if unknown.
    """

    url: str
    filename: str
    option: str
    checksum: str = ''

    def locate(self, path: str | None) -> Path:
        """``path`` if it is there, else the cached file, else a download.

        Raises:
            RuntimeError: The download failed or brought another file.
        """
        if path is not None and Path(path).is_file():
            return Path(path)
        target = cache_dir() / self.filename
        return download(
            self.url,
            target,
            self.checksum,
            remedy=f'put it at {target}, or give its path with '
            f'{self.option}=...')
