"""Two processes report what one reports."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_runs import free_port

WORKER = Path(__file__).parent / 'evaluation_worker.py'


def evaluate(tmp_path, world_size):
    """The results of the first process of ``world_size``."""
    port = free_port()
    cache, out = tmp_path / f'cache{world_size}', tmp_path / f'{world_size}'
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(out)],
            env=dict(os.environ, RANK=str(rank), WORLD_SIZE=str(world_size),
                     MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port),
                     MMGEN_CACHE_DIR=str(cache),
                     PYTHONPATH=os.pathsep.join(sys.path)))
        for rank in range(world_size)]
    assert [process.wait(timeout=120) for process in processes] \
        == [0] * world_size
    return [json.loads(Path(f'{out}.{rank}').read_text())
            for rank in range(world_size)]


def test_two_processes_report_what_one_reports(tmp_path):
    one, = evaluate(tmp_path, 1)
    first, second = evaluate(tmp_path, 2)
    assert first['results'] == second['results']
    assert first['results'] == pytest.approx(one['results'], rel=1e-6)
    assert first['sorted'] == second['sorted']
    assert first['sorted'] == pytest.approx(one['sorted'], rel=1e-6)
    assert {'FID-Tiny/fid floor', 'FID-Tiny/fid standard_error',
            'IntraFID-Tiny/fid standard_error'} < set(one['sorted'])
    assert first['kept'] == second['kept'] == first['kept_again']
    assert first['kept'] == pytest.approx(one['kept'], rel=1e-6)
    assert first['steered'] == second['steered']
    for ours, alone in zip(first['steered'], one['steered'], strict=True):
        assert ours == pytest.approx(alone, rel=1e-6)
    assert first['identities'] == one['identities']
    assert first['made'] + second['made'] == one['made'] == 21
    assert min(first['made'], second['made']) > 0
    assert first['twice'] == first['results']
    # In another evaluation the real statistics come from the first one's cache.
    assert first['again'] == first['results']
    assert second['read_again'] == 0
