"""Pickles that hold numbers, text, containers and arrays, and nothing else.

Reading a pickle runs what it says. These readers know a few names and refuse
any other.
"""
import os
import pickle

import numpy as np

# numpy's own reconstruction functions, asked from arrays instead of imported:
# their module has been renamed between versions.
_FROM_PARTS = np.empty(0).__reduce__()[0]
_FROM_BUFFER = np.empty(0).__reduce_ex__(5)[0]
_SCALAR = np.float64(0).__reduce__()[0]


def _encode(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes in the old protocols."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'it asks for the codec {encoding}')
    return text.encode('latin1')


# Names in a pickle to what they stand for.
PLAIN_NAMES = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    ('numpy.core.multiarray', '_reconstruct'): _FROM_PARTS,
    ('numpy._core.multiarray', '_reconstruct'): _FROM_PARTS,
    ('numpy.core.numeric', '_frombuffer'): _FROM_BUFFER,
    ('numpy._core.numeric', '_frombuffer'): _FROM_BUFFER,
    ('numpy.core.multiarray', 'scalar'): _SCALAR,
    ('numpy._core.multiarray', 'scalar'): _SCALAR,
    ('_codecs', 'encode'): _encode,
    ('collections', 'OrderedDict'): dict,
}


class PlainUnpickler(pickle.Unpickler):
    """Refuses every name that is not in ``names``."""

    names = PLAIN_NAMES

    def find_class(self, module: str, name: str) -> object:
        try:
            return self.names[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f'it asks for {module}.{name}') from None


def load_plain_pickle(path: str, encoding: str = 'ASCII') -> object:
    """Read a pickle of plain values and arrays.

    Args:
        path: The file.
        encoding: How to read Python 2's strings; ``'bytes'`` for any content.

    Raises:
        ValueError: The file holds something else, or is no pickle.
    """
    with open(path, 'rb') as file:
        try:
            return PlainUnpickler(file, encoding=encoding).load()
        except (pickle.UnpicklingError, EOFError, UnicodeDecodeError,
                AttributeError, IndexError, KeyError, TypeError,
                ValueError) as error:
            raise ValueError(
                f'{os.fspath(path)} is not read as a pickle of plain values: '
                f'{error}. Only use files from a source that you trust.'
            ) from error
