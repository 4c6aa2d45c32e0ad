"""The names of MMGeneration 1.x that users' configs and imports may hold.

``data/names`` lists them all: `registries.json` has the keywords of each
registered name, `public.json` what ``from module import name`` must find.
`not_yet.json` takes out what comes later; a name that exists may not stay
there, so the three files always say exactly what is promised today.
"""
import importlib
import inspect
import json
from pathlib import Path

import pytest
from mmengine.registry import Registry

import mmgen.registry

NAMES = Path(__file__).parent / 'data' / 'names'
REGISTRIES = json.loads((NAMES / 'registries.json').read_text())
PUBLIC = json.loads((NAMES / 'public.json').read_text())
NOT_YET = json.loads((NAMES / 'not_yet.json').read_text())


def registry(table: str) -> Registry:
    found = getattr(mmgen.registry, table)
    found.import_from_location()
    return found


def entries(kind: str, later: bool) -> list[tuple[str, str]]:
    """(table or module, name), those in `not_yet.json` or the others."""
    known = REGISTRIES if kind == 'registries' else PUBLIC
    return [(place, name) for place, names in known.items() for name in names
            if later == (name in NOT_YET[kind].get(place, ()))]


@pytest.mark.parametrize('table, name', entries('registries', later=False))
def test_registered_name_takes_its_keywords(table, name):
    built = registry(table).module_dict.get(name)
    assert built is not None, f'{name} is not registered in {table}'
    parameters = inspect.signature(built).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    refused = set(REGISTRIES[table][name]) - set(parameters)
    assert not refused, f'{name} refuses {", ".join(sorted(refused))}'


@pytest.mark.parametrize('module, name', entries('public', later=False))
def test_public_name_can_be_imported(module, name):
    assert hasattr(importlib.import_module(module), name)


def test_names_that_came_are_no_longer_called_not_yet():
    came = [f'{table}.{name}'
            for table, name in entries('registries', later=True)
            if name in registry(table).module_dict]
    came += [f'{module}.{name}'
             for module, name in entries('public', later=True)
             if hasattr(importlib.import_module(module), name)]
    assert not came, f'take out of not_yet.json: {", ".join(came)}'


def test_not_yet_names_only_known_names():
    for kind, known in (('registries', REGISTRIES), ('public', PUBLIC)):
        for place, names in NOT_YET[kind].items():
            assert set(names) <= set(known[place])


def test_most_of_the_list_is_promised_where_the_families_are_built():
    """An empty list would make the tests above pass in vain."""
    promised = set(name for _, name in entries('registries', later=False))
    assert {'BigGAN', 'DCGAN', 'GANLoss', 'FID-Full', 'LinearLrInterval',
            'UnconditionalImageDataset', 'GenVisualizer'} <= promised
