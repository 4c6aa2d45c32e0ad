import runpy

import pytest
import yaml
from scripts import ROOT, run_script

TOOL = 'tools/misc/model_tables.py'
FAMILY = dict(Name='Fam', Paper=dict(Title='On Fam', URL='https://papers/fam'))
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
    """A project with a family of two configs, no table yet, and one more."""
    folder = tmp_path / 'configs' / 'fam'
    folder.mkdir(parents=True)
    for name in ('a.py', 'b.py'):
        (folder / name).touch()
    (folder / 'metafile.yml').write_text(
        yaml.safe_dump(dict(Collections=[FAMILY], Models=MODELS)))
    marks = runpy.run_path(str(ROOT / TOOL))
    (folder / 'README.md').write_text(
        f'# Fam\n\n{marks["BEGIN"]}\n{marks["END"]}\n\nMore.\n')
    other = tmp_path / 'configs' / 'other'
    other.mkdir()
    (other / 'README.md').write_text('# Other\n')
    (tmp_path / 'docs').mkdir()
    return tmp_path


@pytest.fixture
def run(project, monkeypatch):

    def run(*args):
        run_script(monkeypatch, TOOL, '--root', project, *args)

    return run


def test_table_says_what_the_metafile_says(run, project):
    run()
    readme = (project / 'configs/fam/README.md').read_text()
    assert ('| [a.py](a.py) | MNIST | 9.78 | 8.7 | '
            '[best FID](https://weights/a.pth) |') in readme
    assert '| [b.py](b.py) | CIFAR-10 |  |  |  |' in readme
    assert readme.startswith('# Fam\n') and readme.endswith('\n\nMore.\n')
    run('--check')


def test_zoo_has_every_family_and_the_folders_without_weights(run, project):
    run()
    zoo = (project / 'docs/model_zoo.md').read_text()
    assert '## Fam\n\n[On Fam](https://papers/fam); ' in zoo
    assert ('| [a.py](../configs/fam/a.py) | MNIST | 9.78 | 8.7 | '
            '[best FID](https://weights/a.pth) |') in zoo
    assert '- [other](../configs/other/README.md)\n' in zoo
    assert '- [fam]' not in zoo


def test_index_lists_the_metafiles(run, project):
    run()
    index = yaml.safe_load((project / 'model-index.yml').read_text())
    assert index == dict(Import=['configs/fam/metafile.yml'])


@pytest.mark.parametrize('name, old, new', [
    ('configs/fam/README.md', '9.78', '1.23'),
    ('docs/model_zoo.md', 'On Fam', 'On Fame'),
    ('model-index.yml', 'configs/fam', 'configs/gone'),
])
def test_check_refuses_an_outdated_file_and_changes_nothing(
        run, project, name, old, new):
    run()
    path = project / name
    outdated = path.read_text().replace(old, new)
    path.write_text(outdated)
    with pytest.raises(SystemExit, match=f'{name}: is not what the metafiles'):
        run('--check')
    assert path.read_text() == outdated
    run()
    run('--check')


def test_check_refuses_a_missing_file(run, project):
    run()
    (project / 'model-index.yml').unlink()
    with pytest.raises(SystemExit, match='model-index.yml: is not what'):
        run('--check')


def test_check_names_missing_configs_and_marks(run, project):
    run()
    (project / 'configs/fam/b.py').unlink()
    with pytest.raises(SystemExit, match='no such config: configs/fam/b.py'):
        run('--check')
    (project / 'configs/fam/README.md').write_text('# Fam\n')
    with pytest.raises(SystemExit, match='needs the lines'):
        run('--check')
