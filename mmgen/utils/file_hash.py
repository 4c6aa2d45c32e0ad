"""Hashes of files."""
import hashlib
from pathlib import Path


def file_hash(path: str | Path, algorithm: str = 'sha256') -> str:
    """Hash of a file's content, in hexadecimal digits.

    Args:
        path: The file.
        algorithm: ``'sha256'``, or ``'md5'`` where a publisher gives that.
    """
    # The hashes tell files apart; they protect nothing.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
