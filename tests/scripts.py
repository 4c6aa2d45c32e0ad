"""Run a script of the project in this process, as its command line does."""
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_script(monkeypatch, script: str, *args) -> dict:
    """Run it; what it defined."""
    monkeypatch.setattr(sys, 'argv', [script, *map(str, args)])
    return runpy.run_path(str(ROOT / script), run_name='__main__')
