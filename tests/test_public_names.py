"""The names of MMGeneration 1.x that users' configs and imports may hold.

``data/names`` lists them all: `registries.json` has the keywords of each
registered name, `public.json` what ``from module import name`` must find.
"""
import importlib
import inspect
import json
from pathlib import Path

import pytest

import mmgen.registry

NAMES = Path(__file__).parent / 'data' / 'names'
REGISTRIES = json.loads((NAMES / 'registries.json').read_text())
PUBLIC = json.loads((NAMES / 'public.json').read_text())


def entries(places: dict) -> list[tuple[str, str]]:
    """(table or module, name)."""
    return [(place, name) for place, names in places.items()
            for name in names]


@pytest.mark.parametrize('table, name', entries(REGISTRIES))
def test_registered_name_takes_its_keywords(table, name):
    registry = getattr(mmgen.registry, table)
    registry.import_from_location()
    built = registry.module_dict.get(name)
    assert built is not None, f'{name} is not registered in {table}'
    parameters = inspect.signature(built).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    refused = set(REGISTRIES[table][name]) - set(parameters)
    assert not refused, f'{name} refuses {", ".join(sorted(refused))}'


@pytest.mark.parametrize('module, name', entries(PUBLIC))
def test_public_name_can_be_imported(module, name):
    assert hasattr(importlib.import_module(module), name)


def test_the_lists_are_not_empty():
    """Empty lists would make the tests above pass in vain."""
    registered = {name for _, name in entries(REGISTRIES)}
    assert {'BigGAN', 'DCGAN', 'GANLoss', 'FID-Full', 'LinearLrInterval',
            'UnconditionalImageDataset', 'GenVisualizer'} <= registered
    assert ('mmgen.apis', 'init_model') in entries(PUBLIC)
