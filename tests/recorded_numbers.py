"""Recorded values of inner formulas: ``tests/data/numbers/<name>.npz``.

A file holds a JSON string ``meta`` and the arrays ``out/<name>``. Its inputs
are standard normal numbers from PCG64 with the seed that ``meta`` gives, or
uniform ones, in [-1, 1) unless it says otherwise.
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

DATA = Path(__file__).parent / 'data' / 'numbers'


class RecordedNumbers:
    """One file."""

    def __init__(self, name: str) -> None:
        with np.load(DATA / f'{name}.npz') as arrays:
            self.meta = json.loads(str(arrays['meta']))
            self.expected = {
                key: arrays[f'out/{key}']
                for key in self.meta['outputs']
            }

    def input(self, name: str) -> Tensor:
        """The input ``name``, float32."""
        spec = self.meta['inputs'][name]
        if spec['kind'] == 'literal':
            return torch.tensor(spec['value'])
        draw = np.random.Generator(np.random.PCG64(spec['seed']))
        values = draw.standard_normal(spec['shape']) \
            if spec['kind'] == 'randn' else draw.uniform(
                spec.get('low', -1), spec.get('high', 1), spec['shape'])
        return torch.from_numpy(values.astype(np.float32))

    def check(self, name: str, value: Tensor, rtol: float = 1e-5) -> None:
        """Compare with the output ``name``, relative to its largest value."""
        spec = self.meta['outputs'][name]
        assert list(value.shape) == spec['shape']
        found = value.detach().numpy().ravel()[::spec['stride']][:spec['n']]
        np.testing.assert_allclose(
            found, self.expected[name], rtol=0, atol=rtol * spec['absmax'])
