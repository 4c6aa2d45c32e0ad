from pathlib import Path

from mmgen.utils.cache_dir import cache_dir


def test_the_environment_says_where(monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', '/elsewhere')
    assert cache_dir() == Path('/elsewhere')


def test_there_is_a_default(monkeypatch):
    monkeypatch.delenv('MMGEN_CACHE_DIR', raising=False)
    assert cache_dir().parts[-2:] == ('.cache', 'mmgen')
