"""tools/report.py: one page of one run or two, or words that help."""
import pytest
from run_folders import write_run
from scripts import run_script


def test_the_report_of_a_run(tmp_path, monkeypatch, capsys):
    folder = write_run(tmp_path / 'a')
    run_script(monkeypatch, 'tools/report.py', folder)
    assert capsys.readouterr().out == f'Report: {folder}/report.html\n'
    assert (folder / 'report.html').stat().st_size > 50_000


def test_two_runs_in_a_file_named_after_the_other(tmp_path, monkeypatch):
    first, second = (write_run(tmp_path / name) for name in 'ab')
    run_script(monkeypatch, 'tools/report.py', first, second)
    assert (first / 'report_b.html').is_file()
    out = tmp_path / 'x.html'
    run_script(monkeypatch, 'tools/report.py', first, second, '--out', out,
               '--max-pictures', 1)
    assert out.read_text().count('data:image/png') == 2


def test_a_folder_without_a_run(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match='no run is in it, expected folders'):
        run_script(monkeypatch, 'tools/report.py', tmp_path)
