"""Reference numbers of networks: weights and inputs by rule, outputs on file.

A file ``tests/data/networks/<case>.npz`` holds a JSON string ``meta`` and the
arrays ``out/<name>``. Each tensor of a network is drawn from its own name, so
a file needs no weights:

* ``x`` is standard normal from PCG64 seeded with the CRC-32 of the key;
* with two dimensions or more it is multiplied by the case's ``std`` (``'he'``
  is ``sqrt(2 / fan_in)``), otherwise by 0.02;
* ``overrides`` (pattern, number) replace that factor;
* a ``running_var`` is ``1 + |x|``, another vector named ``weight`` ``1 + x``;
* the ``u`` of torch's spectral norm is made a unit vector and ``v`` the unit
  vector along ``W^T u``.
"""
import json
import re
import zlib
from pathlib import Path

import numpy as np
import torch
from mmengine.registry import Registry
from torch import Tensor, nn

DATA = Path(__file__).parent / 'data' / 'networks'


class GoldenCase:
    """One file: its description and the recorded outputs."""

    def __init__(self, name: str) -> None:
        with np.load(DATA / f'{name}.npz') as arrays:
            self.meta = json.loads(str(arrays['meta']))
            self.expected = {
                key: arrays[f'out/{key}']
                for key in self.meta['outputs']
            }

    def input(self, name: str) -> Tensor | list[Tensor]:
        """The input ``name``."""
        spec = self.meta['inputs'][name]
        if spec['kind'] == 'randn list':
            return [
                _normal(spec['first_seed'] + index, shape)
                for index, shape in enumerate(spec['shapes'])
            ]
        if spec['kind'] == 'literal':
            return torch.tensor(spec['value'])
        if spec['kind'] == 'zeros':
            return torch.zeros(spec['shape'])
        draw = np.random.Generator(np.random.PCG64(spec['seed']))
        if spec['kind'] == 'randn':
            values = draw.standard_normal(spec['shape'])
        else:
            values = draw.uniform(
                spec.get('low', -1.0), spec.get('high', 1.0), spec['shape'])
        return torch.from_numpy(values.astype(np.float32))

    def build(self, tag: str, registry: Registry) -> nn.Module:
        """The network ``tag`` with its weights, in eval mode."""
        spec = self.meta['modules'][tag]
        network = registry.build(dict(spec['cfg']))
        values = {
            key: torch.from_numpy(_value(key, shape, **spec['fill'])).float()
            for key, shape in spec['state'] if key not in spec['left_alone']
        }
        for key in list(values):
            if key.endswith('.weight_u'):
                _align(values, key.removesuffix('weight_u'))
        prefix = spec.get('prefix') or ''  # where a model has the network
        report = network.load_state_dict(
            {prefix + key: value for key, value in values.items()},
            strict=False)
        assert not report.unexpected_keys
        assert set(report.missing_keys) <= set(spec['left_alone'])
        return network.eval()

    def check(self, name: str, value: Tensor, rtol: float = 2e-4) -> None:
        """Compare with the output ``name``, relative to its largest value."""
        spec = self.meta['outputs'][name]
        assert list(value.shape) == spec['shape']
        found = value.detach().numpy().ravel()[::spec['stride']][:spec['n']]
        np.testing.assert_allclose(
            found, self.expected[name], rtol=0, atol=rtol * spec['absmax'])


def _normal(seed: int, shape: list[int]) -> Tensor:
    """Standard normal numbers."""
    draw = np.random.Generator(np.random.PCG64(seed))
    return torch.from_numpy(draw.standard_normal(shape).astype(np.float32))


def _value(key: str, shape: list[int], std: float | str,
           overrides: list) -> np.ndarray:
    """What the rule puts under ``key``."""
    seed = zlib.crc32(key.encode())
    x = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
    factor = std if len(shape) >= 2 else 0.02
    for pattern, number in overrides:
        factor = number if re.search(pattern, key) else factor
    if factor == 'he':
        factor = np.sqrt(2 / np.prod(shape[1:]))
    x = np.asarray(x * factor)
    if len(shape) >= 2:
        return x
    if key.endswith('running_var'):
        return 1 + np.abs(x)
    return 1 + x if key.endswith('weight') else x


def _align(values: dict[str, Tensor], stem: str) -> None:
    """Make the vectors of spectral norm fit their weight."""
    weight = values[f'{stem}weight_orig'].double().flatten(1)
    u = values[f'{stem}weight_u'].double()
    u = u / u.norm()
    v = weight.T @ u
    values[f'{stem}weight_u'] = u.float()
    values[f'{stem}weight_v'] = (v / v.norm()).float()
