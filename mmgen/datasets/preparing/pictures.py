"""Where the pictures lie that are to be prepared: a folder or a zip file."""
import hashlib
import os
from collections import Counter
from pathlib import Path, PurePosixPath

from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.datasets.sources import IMAGE_EXTENSIONS, Source, open_source

# Names that promise a picture. Those of the last two cannot be opened, which is
# better said than passed over.
EXTENSIONS = (*IMAGE_EXTENSIONS, '.jpe', '.jfif', '.mpo', '.jp2', '.gif',
              '.tga', '.pnm', '.pbm', '.avif', '.heic', '.heif')
MAX_LISTED = 20  # endings in an error message


class Pictures:
    """All pictures in a folder, at any depth, or in a zip file.

    Args:
        root: The folder or ``.zip`` file.

    Raises:
        FileNotFoundError: There is neither.
        ValueError: There is no picture in it.

    Attributes:
        names: Of the pictures, sorted, parts separated by ``/``.
        others: How many other files there are, by their endings.
        source: What reads them.
    """

    def __init__(self, root: Path):
        self.root = root
        self.source = open_source(str(root))
        try:
            files = self.source.names(extensions=('', ))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'prepare: {root} is neither a folder nor a .zip file with '
                'pictures. Check IN.') from error
        endings = {name: PurePosixPath(name).suffix.lower() for name in files
                   if not name.endswith('/')}
        self.names = [name for name, ending in endings.items()
                      if ending in EXTENSIONS]
        self.others = Counter(
            ending for ending in endings.values()
            if ending not in EXTENSIONS)
        if not self.names:
            found = ', '.join(ending or 'files without an ending'
                              for ending in list(self.others)[:MAX_LISTED])
            raise ValueError(f'prepare: no picture in {root}, found '
                             f'{found or "nothing"}; looked for '
                             f'{", ".join(EXTENSIONS)} at any depth.')

    def fingerprint(self, labels: dict | None) -> str:
        """What tells these pictures from others: names, sizes and labels."""
        sha256 = hashlib.sha256()
        for name in self.names:
            label = None if labels is None else labels.get(name)
            sha256.update(repr((name, self._size(name), label)).encode())
        return sha256.hexdigest()

    def _size(self, name: str) -> int:
        """Of the file, or of the archive that it is in, bytes."""
        inside = self.root if self.root.is_file() else self.root / name
        try:
            return os.stat(inside).st_size
        except OSError:  # a link that leads nowhere is skipped later
            return 0


def read_bytes(source: Source, name: str) -> bytes:
    """A file of a source.

    Raises:
        OSError: It cannot be read.
    """
    try:
        results = source.results(name)
    except BrokenImageError as error:
        raise OSError(str(error)) from error
    if 'img_bytes' in results:
        return results['img_bytes']
    return Path(results['img_path']).read_bytes()
