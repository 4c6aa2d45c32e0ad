import subprocess
from importlib.metadata import version

import mmengine
import torch

import mmgen
from mmgen.utils import collect_env, env_report


def test_names_what_a_result_may_depend_on():
    report = collect_env()
    assert report['PyTorch'] == torch.__version__
    assert report['MMEngine'] == mmengine.__version__
    assert report['CUDA available'] == torch.cuda.is_available()
    assert report['mmgen'].startswith(mmgen.__version__)
    assert 'numpy_random_seed' not in report


def test_names_the_distribution_behind_mmcv():
    assert f'mmcv-lite {version("mmcv-lite")}' in env_report.mmcv_distribution()


def test_both_mmcv_distributions_are_named(monkeypatch):

    class Installed:

        def __init__(self, name):
            self.metadata, self.version = {'Name': name}, '2.2.0'

    monkeypatch.setattr(
        env_report, 'distributions',
        lambda: [Installed('mmcv-lite'), Installed('numpy'), Installed('mmcv')])
    assert env_report.mmcv_distribution() == 'mmcv 2.2.0, mmcv-lite 2.2.0'


def checkout_with_commit(folder):
    """A git repository with an ``mmgen`` folder; its first commit's hash."""
    (folder / 'mmgen').mkdir(parents=True)
    git = ['git', '-C', str(folder), '-c', 'user.name=a', '-c', 'user.email=b']
    subprocess.run([*git, 'init', '-q'], check=True)
    subprocess.run([*git, 'commit', '-q', '--allow-empty', '-m', 'a'], check=True)
    return subprocess.run([*git, 'rev-parse', 'HEAD'], check=True, text=True,
                          capture_output=True).stdout.strip()


def test_version_names_the_commit_of_mmgen_not_of_the_current_folder(
        tmp_path, monkeypatch):
    commit = checkout_with_commit(tmp_path / 'ours')
    checkout_with_commit(tmp_path / 'elsewhere')
    monkeypatch.setattr(mmgen, '__file__',
                        str(tmp_path / 'ours' / 'mmgen' / '__init__.py'))
    monkeypatch.chdir(tmp_path / 'elsewhere')
    version, short = env_report.mmgen_version().split('+')
    assert version == mmgen.__version__
    assert len(short) >= 4 and commit.startswith(short)


def test_version_stands_alone_where_git_knows_nothing(tmp_path, monkeypatch):
    (tmp_path / 'mmgen').mkdir()
    monkeypatch.setattr(mmgen, '__file__',
                        str(tmp_path / 'mmgen' / '__init__.py'))
    assert env_report.mmgen_version() == mmgen.__version__
    (tmp_path / '.git').mkdir()  # there, but not a repository
    assert env_report.mmgen_version() == mmgen.__version__
