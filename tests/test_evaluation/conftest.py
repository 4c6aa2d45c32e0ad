"""Every test has a cache of its own."""
import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / 'cache'
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(folder))
    return folder
