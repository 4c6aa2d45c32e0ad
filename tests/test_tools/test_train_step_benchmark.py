"""The benchmark of training steps knows its families."""
import runpy
from argparse import Namespace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / 'tools/benchmarks/train_step.py'))
SETTINGS = Namespace(batch_size=2, device='cpu', channels_last=False)


@pytest.mark.parametrize('config', TOOL['CONFIGS'].values())
def test_config_is_there(config):
    assert (ROOT / 'configs' / config).is_file()


def test_work_grows_with_the_batch():
    """Convolutions alone are counted, so twice the images is twice."""
    counts = []
    for size in (2, 4):
        settings = Namespace(**{**vars(SETTINGS), 'batch_size': size})
        training = TOOL['Training']('dcgan', False, settings)
        counts.append(TOOL['count_operations'](training.turn))
    assert counts[1] == 2 * counts[0] > 1e9
