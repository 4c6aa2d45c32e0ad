"""Where images lie: a folder tree, a zip file or an LMDB.

A source lists the names of its images and gives, for one of them, what a
dataset's results begin with: ``img_path`` and, where the image is not a file
of its own, ``img_bytes``. Archives are opened on first use in each process
and are never sent to another one: a handle shared by forked workers would
share its position in the file.
"""
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from mmengine import fileio

from mmgen.datasets.image_bytes import BrokenImageError

IMAGE_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff',
                    '.ppm', '.pgm')
MAX_MEMBER_BYTES = 2**30  # of one image in an archive; more is a zip bomb

# What Python's zip reader raises for a member that it cannot give:
# RuntimeError if it is encrypted, NotImplementedError if it is packed in an
# unknown way, the others if it is damaged.
_MEMBER_ERRORS = (KeyError, OSError, RuntimeError, NotImplementedError,
                  EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


def merge_backend_args(io_backend: str | None,
                       backend_args: dict | None) -> dict | None:
    """The two ways of naming a file backend as MMEngine's one.

    Args:
        io_backend: The backend's name; ``'disk'`` is its old name for
            ``'local'``.
        backend_args: MMEngine's arguments, ``backend`` among them.

    Returns:
        Arguments for :mod:`mmengine.fileio`; None for local files.
    """
    args = dict(backend_args or {})
    if io_backend is not None:
        args.setdefault('backend', io_backend)
    if args.get('backend') in ('disk', 'local', None):
        return None
    return args


def open_source(data_root: str, backend_args: dict | None = None) -> 'Source':
    """The source at ``data_root``.

    Args:
        data_root: A folder, or a ``.zip`` file; the LMDB where
            ``backend_args`` says so without a ``db_path``.
        backend_args: As :func:`merge_backend_args` returns them.
    """
    if backend_args is not None and backend_args['backend'] == 'lmdb':
        options = {k: v for k, v in backend_args.items() if k != 'backend'}
        return LmdbSource(options.pop('db_path', data_root), **options)
    if backend_args is not None:
        return RemoteSource(data_root, backend_args)
    if data_root.lower().endswith('.zip'):
        return ZipSource(data_root)
    return FolderSource(data_root)


class Source:
    """A place that holds images.

    Args:
        root: Its path.
    """

    def __init__(self, root: str):
        self.root = root

    def names(self, extensions: Sequence[str] = IMAGE_EXTENSIONS) -> list[str]:
        """The images' names, sorted, parts separated by ``/``."""
        raise NotImplementedError

    def results(self, name: str) -> dict:
        """``img_path`` and perhaps ``img_bytes`` of one image.

        Raises:
            BrokenImageError: Its bytes cannot be read.
        """
        raise NotImplementedError

    def _path(self, name: str) -> str:
        return os.path.join(self.root, name)


class FolderSource(Source):
    """A folder tree on a disk of this machine."""

    def names(self, extensions: Sequence[str] = IMAGE_EXTENSIONS) -> list[str]:
        if not os.path.isdir(self.root):
            raise FileNotFoundError(f'no such folder of images: {self.root}')
        return _images(self._files(), extensions)

    def _files(self) -> Iterator[str]:
        for folder, _, files in os.walk(self.root, followlinks=True):
            inside = os.path.relpath(folder, self.root).replace(os.sep, '/')
            prefix = '' if inside == '.' else f'{inside}/'
            yield from (prefix + file for file in files)

    def results(self, name: str) -> dict:
        return dict(img_path=self._path(name))


class RemoteSource(Source):
    """A folder tree behind one of MMEngine's file backends.

    Args:
        root: Its path.
        backend_args: The backend's arguments.
    """

    def __init__(self, root: str, backend_args: dict):
        super().__init__(root)
        self._backend_args = backend_args

    def names(self, extensions: Sequence[str] = IMAGE_EXTENSIONS) -> list[str]:
        files = fileio.list_dir_or_file(
            self.root,
            list_dir=False,
            recursive=True,
            backend_args=self._backend_args)
        return _images(files, extensions)

    def results(self, name: str) -> dict:
        path = fileio.join_path(
            self.root, name, backend_args=self._backend_args)
        try:
            content = fileio.get(path, backend_args=self._backend_args)
        except OSError as error:
            raise BrokenImageError(f'{path}: {error}') from error
        return dict(img_path=path, img_bytes=content)


class ZipSource(Source):
    """A zip file with images at any depth."""

    def __init__(self, root: str):
        super().__init__(root)
        self._archive, self._process = None, None

    def _open(self) -> zipfile.ZipFile:
        if self._process != os.getpid():
            try:
                self._archive = zipfile.ZipFile(self.root)
            except (zipfile.BadZipFile, NotImplementedError) as error:
                raise ValueError(
                    f'{self.root} is damaged or no zip file: {error}. Fetch '
                    'or pack it again.') from error
            self._process = os.getpid()
        return self._archive

    def __getstate__(self) -> dict:
        return dict(self.__dict__, _archive=None, _process=None)

    def names(self, extensions: Sequence[str] = IMAGE_EXTENSIONS) -> list[str]:
        if not os.path.isfile(self.root):
            raise FileNotFoundError(f'no such zip file of images: {self.root}')
        return _images(self._open().namelist(), extensions)

    def results(self, name: str) -> dict:
        path = self._path(name)
        archive = self._open()
        try:
            member = archive.getinfo(name)
            _check_member(member, path)
            content = archive.read(member)
        except _MEMBER_ERRORS as error:
            raise BrokenImageError(f'{path}: {error}') from error
        return dict(img_path=path, img_bytes=content)


def _check_member(member: zipfile.ZipInfo, path: str) -> None:
    """Refuse what is not worth unpacking, before a byte of it is.

    Raises:
        BrokenImageError: It is encrypted, or far larger than any image.
    """
    if member.flag_bits & 0x1:
        raise BrokenImageError(
            f'{path}: the archive is encrypted; pack it without a password')
    if member.file_size > MAX_MEMBER_BYTES:
        raise BrokenImageError(
            f'{path}: {member.file_size} bytes when unpacked, at most '
            f'{MAX_MEMBER_BYTES} are read')


class LmdbSource(Source):
    """An LMDB whose values are image files.

    Where no key has an image extension (LSUN's have none) every key is taken.

    Args:
        root: The database's folder or file.
        options: Keywords of :func:`lmdb.open`.
    """

    def __init__(self, root: str, **options):
        super().__init__(root)
        self._options = dict(
            readonly=True,
            lock=False,
            readahead=False,
            subdir=os.path.isdir(root)) | options

    def _open(self) -> object:
        return _open_environment(self.root, self._options)

    def names(self, extensions: Sequence[str] = IMAGE_EXTENSIONS) -> list[str]:
        if not os.path.exists(self.root):
            raise FileNotFoundError(f'no such LMDB of images: {self.root}')
        with self._open().begin() as transaction:
            keys = [
                os.fsdecode(key)
                for key in transaction.cursor().iternext(values=False)
            ]
        return _images(keys, extensions) or sorted(keys)

    def results(self, name: str) -> dict:
        with self._open().begin() as transaction:
            content = transaction.get(os.fsencode(name))
        if content is None:
            raise BrokenImageError(f'{self._path(name)}: no such key')
        return dict(img_path=self._path(name), img_bytes=content)


# LMDB lets a process open a database once only, so what is open is known here:
# path -> (the process that opened it, the environment).
_ENVIRONMENTS: dict[str, tuple[int, object]] = {}


def _open_environment(root: str, options: dict) -> object:
    """The LMDB at ``root``, opened by this process.

    Args:
        root: The database's folder or file.
        options: Keywords of :func:`lmdb.open`, for the first time.
    """
    try:
        import lmdb
    except ImportError as error:
        raise ImportError('An LMDB of images needs the package "lmdb", which '
                          'is not installed: pip install lmdb') from error
    path = os.path.realpath(root)
    process, environment = _ENVIRONMENTS.get(path, (None, None))
    if process != os.getpid():
        # A forked process may not use what its parent has opened.
        if environment is not None:
            environment.close()
        environment = lmdb.open(path, **options)
        _ENVIRONMENTS[path] = os.getpid(), environment
    return environment


def _images(names: Iterator[str] | list[str],
            extensions: Sequence[str]) -> list[str]:
    """Those of ``names`` that are images, sorted; hidden files are none."""
    endings = tuple(ending.lower() for ending in extensions)
    return sorted(
        name for name in names if name.lower().endswith(endings)
        and not PurePosixPath(name).name.startswith('.'))
