import runpy
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / 'tools/test.py'


@pytest.fixture
def check_writable():
    return runpy.run_path(str(TOOL))['check_writable']


def test_the_folder_of_the_results_is_made(check_writable, tmp_path):
    check_writable(tmp_path / 'a' / 'b' / 'results.json')
    assert list((tmp_path / 'a' / 'b').iterdir()) == []


def test_where_no_file_can_be_is_refused(check_writable, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SystemExit, match='--out .* cannot be written'):
        check_writable(tmp_path / 'file' / 'results.json')
    with pytest.raises(SystemExit, match='is a folder, expected the name'):
        check_writable(tmp_path)
