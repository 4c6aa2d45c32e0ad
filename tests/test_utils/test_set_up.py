import subprocess
import sys

import pytest
from mmengine.registry import DefaultScope

from mmgen import registry
from mmgen.utils import register_all_modules


@pytest.fixture(autouse=True)
def without_scopes(monkeypatch):
    """Each test starts as a fresh process does: no scope was ever made."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', {})


def test_fills_the_registries():
    code = ('from mmgen.registry import DATASETS\n'
            'from mmgen.utils import register_all_modules\n'
            'assert len(DATASETS.module_dict) == 0\n'
            'register_all_modules(init_default_scope=False)\n'
            'assert "UnconditionalImageDataset" in DATASETS.module_dict\n')
    subprocess.run([sys.executable, '-c', code], check=True)


def test_makes_mmgen_the_default_scope():
    register_all_modules()
    assert DefaultScope.get_current_instance().scope_name == 'mmgen'
    register_all_modules()
    assert DefaultScope.get_current_instance().scope_name == 'mmgen'


def test_takes_over_from_another_scope():
    register_all_modules()
    DefaultScope.get_instance('other', scope_name='other')
    register_all_modules()
    assert DefaultScope.get_current_instance().scope_name == 'mmgen'


def test_leaves_the_scope_alone_when_asked():
    DefaultScope.get_instance('other', scope_name='other')
    register_all_modules(init_default_scope=False)
    assert DefaultScope.get_current_instance().scope_name == 'other'


def test_every_registry_has_a_place_that_fills_it():
    for name in ('MODELS', 'DATASETS', 'METRICS', 'HOOKS', 'VISBACKENDS'):
        getattr(registry, name).import_from_location()
    assert registry.MODULES is registry.MODELS
