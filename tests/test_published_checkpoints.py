"""Each published checkpoint of 1.x fits the networks of its config.

Names and shapes only: everything is on the meta device.
"""
import gzip
import json

import pytest
import torch
from golden_numbers import DATA

from mmgen.registry import MODULES

STATES = json.loads(
    gzip.decompress((DATA / 'published_states.json.gz').read_bytes()))
NETWORKS = [
    pytest.param(network, id=f'{path}-{name}')
    for path, networks in STATES.items()
    for name, network in networks.items()
]


@pytest.mark.parametrize('network', NETWORKS)
def test_published_checkpoint_fits(network):
    with torch.device('meta'):
        module = MODULES.build(network['cfg'])
        state = {
            key: torch.empty(shape, dtype=getattr(torch, dtype))
            for key, shape, dtype in network['state']
        }
    module.load_state_dict(state, strict=True, assign=True)
