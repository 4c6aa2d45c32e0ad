"""The benchmark of the evaluation runs, small."""
import runpy
from argparse import Namespace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / 'tools/benchmarks/evaluation.py'))
SETTINGS = Namespace(
    dim=16, samples=40, images=2, resolution=32, rounds=1, threads=1,
    memory_images=[100], device='cpu')


@pytest.mark.parametrize('part', ['fid', 'features', 'kid', 'prdc'])
def test_each_part_gives_a_line(part):
    result = TOOL[f'measure_{part}'](SETTINGS)
    assert all(value >= 0 for value in result.values())
    assert TOOL['lines'](part, result, SETTINGS)


def test_memory_is_that_of_a_whole_evaluation(monkeypatch, tmp_path):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path))
    peak = TOOL['peak_of_fid'](100, 16, 1)
    assert peak >= 0
    assert TOOL['lines']('memory', {'100': peak}, SETTINGS) == [
        f'FID of 100 images: {peak / 2**20:.0f} MiB at the peak']
