"""The family of docs/add_a_family.md, put together and used as it says.

Its blocks go into a copy of the project, where the project's own tests and
tools meet them as those of any family.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_runs import write_images

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs' / 'add_a_family.md').read_text()
CONFIG = 'configs/crgan/crgan_1xb32-1kiters_mnist-32x32.py'

# A path in backquotes that ends a line, perhaps a mark, and its block.
FILE = re.compile(r'^`([\w/.-]+)`:\n\n(?:<!--[^\n]*-->\n)?```\w+\n(.*?)^```$',
                  re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r'^```python\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def block(beginning: str) -> str:
    """The Python block that begins so."""
    found, = (text for text in BLOCK.findall(PAGE)
              if text.startswith(beginning))
    return found


def add_rows(root: Path) -> None:
    """What the page adds to files that are there."""
    assert '`crgan=16` in `RESOLUTION`' in PAGE
    for name, before, rows in (
            ('tests/families.py', 'FAMILIES = dict(\n',
             block('crgan=dict(')),
            ('tests/families.py', 'RESOLUTION = dict(\n', 'crgan=16,\n'),
            ('mmgen/models/__init__.py', 'from .ddpm import DenoisingUnet\n',
             block('from .crgan import'))):
        text = (root / name).read_text()
        assert text.count(before) == 1, (name, before)
        (root / name).write_text(text.replace(before, before + rows))


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    """A copy of the project with the page's family in it."""
    root = tmp_path_factory.mktemp('project')
    nothing_built = shutil.ignore_patterns('__pycache__')
    for name in ('mmgen', 'configs', 'tests', 'tools'):
        shutil.copytree(ROOT / name, root / name, ignore=nothing_built)
    for name in ('pyproject.toml', 'conftest.py', 'model-index.yml',
                 'docs/model_zoo.md'):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    files = FILE.findall(PAGE)
    assert len(files) == 7
    for name, text in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    add_rows(root)
    return root


def run(project: Path, *command: str) -> str:
    """What a command in the copy prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=project, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, 'PYTHONPATH': str(project)})
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_it_passes_the_projects_tests(project):
    said = run(
        project, '-m', 'pytest', '-q', '-p', 'no:cacheprovider',
        'tests/test_contract.py', 'tests/test_configs.py',
        'tests/test_floors.py', 'tests/test_models/test_crgan', '-k',
        'crgan or floor or import')
    passed = int(re.search(r'(\d+) passed', said)[1])
    assert passed >= 20, said
    assert 'failed' not in said


@pytest.mark.slow
def test_its_losses_can_be_recorded(project):
    said = run(
        project, '-c',
        'import sys; sys.path.insert(0, "tests"); import test_golden_losses;'
        'print(sorted(test_golden_losses.ten_steps("crgan")))')
    assert 'loss_disc_consistency' in said


def test_its_tables_are_written(project):
    run(project, 'tools/misc/model_tables.py')
    readme = (project / 'configs/crgan/README.md').read_text()
    assert '| [crgan_1xb32-1kiters_mnist-32x32.py]' in readme
    index = (project / 'model-index.yml').read_text()
    assert 'configs/crgan/metafile.yml' in index


@pytest.mark.slow
def test_it_trains(project):
    write_images(project / 'data/mnist/train', side=32, channels=1)
    said = run(
        project, 'tools/train.py', CONFIG, '--cfg-options',
        'train_cfg.max_iters=2', 'val_cfg=None', 'val_dataloader=None',
        'val_evaluator=None',
        'default_hooks.logger.interval=1', 'default_hooks.checkpoint.interval=2',
        'custom_hooks.0.interval=2', 'train_dataloader.batch_size=4')
    losses = re.findall(r'loss_disc_consistency: (\S+)', said)
    assert len(losses) == 2 and all(float(loss) >= 0 for loss in losses), said
    run_folder = project / 'work_dirs' / Path(CONFIG).stem
    assert (run_folder / 'iter_2.pth').is_file()
    assert list(run_folder.glob('*/vis_data/vis_image/fake_img_2.png'))
