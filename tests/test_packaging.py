"""What an installation carries and asks for, and that the scripts hang together."""
import filecmp
import os
import re
import runpy
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import setuptools
import yaml

import mmgen

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted([*ROOT.glob('tools/**/*.sh'), ROOT / '.ci' / 'run'])


@pytest.fixture
def setup_py(monkeypatch):
    """What setup.py defines, and what it hands to ``setup`` as ``metadata``."""
    handed = {}
    monkeypatch.setattr(setuptools, 'setup', handed.update)
    defined = runpy.run_path(str(ROOT / 'setup.py'))
    return dict(defined, metadata=handed)


def install(monkeypatch, folder, name):
    """Make it look as if only the distribution ``name`` was installed."""
    info = folder / f'{name.replace("-", "_")}-2.2.0.dist-info'
    info.mkdir(parents=True)
    (info / 'METADATA').write_text(
        f'Metadata-Version: 2.1\nName: {name}\nVersion: 2.2.0\n')
    monkeypatch.setattr(sysconfig, 'get_path', lambda _: str(folder))
    monkeypatch.setattr('site.getusersitepackages', lambda: str(folder / 'no'))
    monkeypatch.delenv('MMGEN_OWN_MMCV', raising=False)


def test_metadata_says_version_and_python(setup_py):
    metadata = setup_py['metadata']
    assert metadata['version'] == mmgen.__version__
    assert metadata['python_requires'] == '>=3.10'
    assert 'mmgen.models.biggan' in metadata['packages']
    assert all(p.split('.')[0] == 'mmgen' for p in metadata['packages'])


def test_licence_and_citation_are_of_this_version(setup_py):
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['version'] == mmgen.__version__
    assert citation['license'] == setup_py['metadata']['license']
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()


def test_runtime_needs_have_no_upper_cap_and_leave_mmcv_alone(setup_py):
    required = setup_py['read_requirements']('runtime')
    assert required == ['torch', 'mmengine', 'rich', 'numpy', 'scipy']


@pytest.mark.parametrize('installed', ['mmcv', 'mmcv-full', 'onedl-mmcv'])
def test_a_users_own_mmcv_is_not_overwritten(
        installed, setup_py, monkeypatch, tmp_path):
    install(monkeypatch, tmp_path, installed)
    assert setup_py['has_own_mmcv']()
    assert 'mmcv-lite' not in setup_py['runtime_requirements']()


@pytest.mark.parametrize('installed', ['numpy', 'mmcv-lite'])
def test_without_own_mmcv_the_light_one_is_required(
        installed, setup_py, monkeypatch, tmp_path):
    install(monkeypatch, tmp_path, installed)
    assert 'mmcv-lite' in setup_py['runtime_requirements']()
    monkeypatch.setenv('MMGEN_OWN_MMCV', '1')
    assert 'mmcv-lite' not in setup_py['runtime_requirements']()


def test_requirements_are_read_without_comments(setup_py):
    assert all(re.fullmatch(r'[\w-]+(==[\d.]+)?', line)
               for name in ('tests', 'optional', 'docs')
               for line in setup_py['read_requirements'](name))


def test_constraints_fix_what_the_tests_install(setup_py):
    lines = (ROOT / 'requirements' / 'constraints.txt').read_text()
    fixed = set(re.findall(r'^([\w-]+)==', lines, flags=re.MULTILINE))
    wanted = {*setup_py['read_requirements']('runtime'),
              *setup_py['read_requirements']('tests'), 'mmcv-lite'}
    assert wanted <= fixed
    assert 'torch==2.13.0' in lines


def test_a_build_carries_configs_tools_and_index_for_mim(tmp_path):
    subprocess.run(
        [sys.executable, 'setup.py', '--quiet', 'build_py', '--build-lib',
         str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True)
    mim = tmp_path / 'mmgen' / '.mim'
    assert filecmp.cmp(ROOT / 'model-index.yml', mim / 'model-index.yml')
    for folder in ('configs', 'tools'):
        ours = {p.relative_to(ROOT) for p in (ROOT / folder).rglob('*')
                if p.is_file() and '__pycache__' not in p.parts}
        theirs = {p.relative_to(mim) for p in (mim / folder).rglob('*')
                  if p.is_file()}
        assert ours == theirs
    assets = Path('mmgen', 'visualization', 'report', 'assets')
    assert {p.name for p in (tmp_path / assets).iterdir()} == {
        p.name for p in (ROOT / assets).iterdir()} != set()
    index = yaml.safe_load((mim / 'model-index.yml').read_text())
    assert all((mim / metafile).is_file() for metafile in index['Import'])


# ----------------------------------------------------------------- scripts


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.name)
def test_script_is_valid_bash(script):
    subprocess.run(['bash', '-n', str(script)], check=True)


def test_ci_runs_the_second_command_of_the_readme():
    readme = (ROOT / 'README.md').read_text()
    assert 'bash tools/quickstart.sh' in readme
    assert 'bash tools/run_tests.sh' in readme
    run = ROOT / '.ci' / 'run'
    assert 'exec bash tools/run_tests.sh' in run.read_text()
    assert os.access(run, os.X_OK)


def interpreter(folder, lacks):
    """A Python stand-in that fails where its code mentions ``lacks``."""
    path = folder / 'python'
    path.write_text('#!/bin/sh\n'
                    'case "$*" in\n'
                    f'  *"{lacks}"*) exit 1 ;;\n'
                    '  -V) echo Python 3.10.0 ;;\n'
                    'esac\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize('lacks, words', [
    ('version_info', ['Python 3.10 or newer is missing', 'PYTHON=']),
    ('venv, ensurepip', ['modules venv and ensurepip of Python 3.10.0 are '
                         'missing', 'apt-get install python3-venv']),
])
def test_set_up_says_what_is_missing(tmp_path, lacks, words):
    done = subprocess.run(
        ['bash', 'tools/setup_venv.sh', str(tmp_path / 'venv')],
        cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, 'PYTHON': str(interpreter(tmp_path, lacks))})
    assert done.returncode == 1
    assert all(word in done.stderr for word in words), done.stderr
    assert not (tmp_path / 'venv').exists()


def test_set_up_asks_for_a_folder():
    done = subprocess.run(['bash', 'tools/setup_venv.sh'], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert 'the folder of the environment is missing' in done.stderr
