import runpy
import sys
from pathlib import Path

import pytest
import yaml

TOOL = Path(__file__).resolve().parents[2] / 'tools/misc/model_tables.py'
MODELS = [
    dict(Name='a', Config='configs/fam/a.py',
         Metadata={'Training Data': 'MNIST', 'Checkpoint': 'best FID'},
         Results=[dict(Metrics={'FID': 9.78, 'IS': 8.7})],
         Weights='https://weights/a.pth'),
    dict(Name='b', Config='configs/fam/b.py',
         Metadata={'Training Data': 'CIFAR-10'}),
]


@pytest.fixture
def project(tmp_path):
    """A project with one family of two configs and no table yet."""
    folder = tmp_path / 'configs' / 'fam'
    folder.mkdir(parents=True)
    for name in ('a.py', 'b.py'):
        (folder / name).touch()
    (folder / 'metafile.yml').write_text(yaml.safe_dump(dict(Models=MODELS)))
    marks = runpy.run_path(str(TOOL))
    (folder / 'README.md').write_text(
        f'# Fam\n\n{marks["BEGIN"]}\n{marks["END"]}\n\nMore.\n')
    (tmp_path / 'model-index.yml').write_text(
        'Import:\n  - configs/fam/metafile.yml\n')
    return tmp_path


@pytest.fixture
def run(project, monkeypatch):

    def run(*args):
        monkeypatch.setattr(
            sys, 'argv', ['model_tables.py', '--root', str(project), *args])
        runpy.run_path(str(TOOL), run_name='__main__')

    return run


def test_table_says_what_the_metafile_says(run, project):
    run()
    readme = (project / 'configs/fam/README.md').read_text()
    assert ('| [a.py](a.py) | MNIST | 9.78 | 8.7 | '
            '[best FID](https://weights/a.pth) |') in readme
    assert '| [b.py](b.py) | CIFAR-10 |  |  |  |' in readme
    assert readme.startswith('# Fam\n') and readme.endswith('\n\nMore.\n')
    run('--check')


def test_check_refuses_an_outdated_table_and_changes_nothing(run, project):
    run()
    readme = project / 'configs/fam/README.md'
    outdated = readme.read_text().replace('9.78', '1.23')
    readme.write_text(outdated)
    with pytest.raises(SystemExit, match='is not what metafile.yml says'):
        run('--check')
    assert readme.read_text() == outdated
    run()
    run('--check')


def test_check_names_missing_configs_marks_and_index_lines(run, project):
    run()
    (project / 'configs/fam/b.py').unlink()
    with pytest.raises(SystemExit, match='no such config: configs/fam/b.py'):
        run('--check')
    (project / 'configs/fam/README.md').write_text('# Fam\n')
    with pytest.raises(SystemExit, match='needs the lines'):
        run('--check')
    (project / 'model-index.yml').write_text('Import: []\n')
    with pytest.raises(SystemExit, match='not in both'):
        run('--check')
