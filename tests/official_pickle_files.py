"""Files as the StyleGAN authors' projects write them."""
import pickle
import struct
import sys
from collections import OrderedDict
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch


class EasyDict(dict):
    """Stands for a class that the file names and the reader lacks."""


class Module:
    """Pickled as the authors' modules are."""

    def __init__(self, state):
        self._parameters, self._buffers = OrderedDict(gone=None), {}
        self._modules = {'nothing': None}
        self._init_kwargs = EasyDict(size=4)
        self.training = False
        self.dtype = torch.float16
        children = {}
        for name, value in state.items():
            first, _, rest = name.partition('.')
            if rest:
                children.setdefault(first, {})[rest] = value
            elif name in ('weight', 'bias', 'const', 'noise_strength'):
                self._parameters[name] = torch.nn.Parameter(value)
            else:
                self._buffers[name] = value
        for name, child in children.items():
            self._modules[name] = Module(child)

    def __reduce__(self):
        meta = dict(type='class', version=6, class_name='Network',
                    module_src='raise SystemError("run")', state=vars(self))
        return reconstruct, (meta, )


def reconstruct(meta):
    raise SystemError('run')


reconstruct.__module__ = 'torch_utils.persistence'
reconstruct.__qualname__ = '_reconstruct_persistent_obj'


@contextmanager
def module_with(name, **content):
    """A module that can only be imported while a file is written."""
    module = ModuleType(name)
    for key, value in content.items():
        value.__module__, value.__qualname__ = name, key
        setattr(module, key, value)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        yield
    finally:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before


def write_pickle(path, networks, **more):
    """``network.pkl`` of the PyTorch projects."""
    with module_with('torch_utils'), module_with(
            'torch_utils.persistence',
            _reconstruct_persistent_obj=reconstruct):
        path.write_bytes(pickle.dumps({
            **{name: Module(state) for name, state in networks.items()},
            'training_set_kwargs': EasyDict(path='x'), 'augment_pipe': None,
            **more}))


# ------------------------------------------------------------- TensorFlow


class Network:
    """Pickled as the networks of the TensorFlow projects are."""

    def __init__(self, variables, built_by, settings):
        self.version, self.name = 4, built_by
        self.static_kwargs, self.build_func_name = settings, built_by
        self.build_module_src = 'raise SystemError("run")'
        self.components, own = {}, {}
        parts = {'mapping': {}, 'synthesis': {}}
        for name, value in variables.items():
            part, _, rest = name.partition('/')
            parts.get(part, own)[rest if part in parts else name] = value
        for part, content in parts.items():
            if content:
                self.components[part] = Network(
                    content, f'G_{part}', dict(settings))
        self.variables = [
            (name, Array(value) if isinstance(value, np.ndarray) else value)
            for name, value in own.items()]


class Array:
    """Pickled as numpy 1 does with an array, or a number if it has no axes.
    """

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        value = self.value
        by_columns = not value.flags.c_contiguous
        content = value.tobytes('F' if by_columns else 'C')
        if not value.ndim:
            return numpy_scalar, (value.dtype, content)
        return numpy_array, (np.ndarray, (0, ), b'b'), (
            1, value.shape, value.dtype, by_columns, content)


def numpy_array(*_):
    raise SystemError('run')


def numpy_scalar(*_):
    raise SystemError('run')


class PythonTwoPickler(pickle._Pickler):
    """Makes no difference between text and bytes."""

    def save_string(self, value):
        content = value if isinstance(value, bytes) else value.encode()
        self.write(pickle.BINSTRING + struct.pack('<i', len(content))
                   + content)
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, bytes: save_string,
                str: save_string}


def write_tensorflow_pickle(path, networks, settings=None, protocol=4,
                            numpy='numpy.core', pickler=pickle.Pickler):
    """A file of three networks.

    Args:
        path: The file.
        networks: Variables of ``G``, ``D`` and ``Gs``; what is no dict is
            written as it is.
        settings: What the networks were built with.
        protocol: Of the pickle.
        numpy: The package of numpy that arrays are pickled through.
        pickler: What writes.
    """
    settings = dict(resolution=16, **settings or {})
    with module_with('dnnlib'), module_with('dnnlib.tflib'), module_with(
            'dnnlib.tflib.network', Network=Network), module_with(
                f'{numpy}.multiarray', _reconstruct=numpy_array,
                scalar=numpy_scalar), open(path, 'wb') as file:
        pickler(file, protocol).dump(tuple(
            Network(variables, built_by, settings)
            if isinstance(variables, dict) else variables
            for variables, built_by in zip(
                networks, ('G_main', 'D_stylegan2', 'G_main'))))
