"""Files as the StyleGAN authors' projects write them."""
import pickle
import sys
from collections import OrderedDict
from types import ModuleType

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


def write_pickle(path, networks, **more):
    """``network.pkl``, with names that only exist while it is written."""
    package = ModuleType('torch_utils')
    inner = package.persistence = ModuleType('torch_utils.persistence')
    inner._reconstruct_persistent_obj = reconstruct
    names = {'torch_utils': package, 'torch_utils.persistence': inner}
    sys.modules.update(names)
    try:
        path.write_bytes(pickle.dumps({
            **{name: Module(state) for name, state in networks.items()},
            'training_set_kwargs': EasyDict(path='x'), 'augment_pipe': None,
            **more}))
    finally:
        for name in names:
            del sys.modules[name]
