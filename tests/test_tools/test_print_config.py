import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/quickstart/biggan_mnist-32x32.py'


def print_config(*args):
    return subprocess.run(
        [sys.executable, 'tools/misc/print_config.py', *args], cwd=ROOT,
        capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)})


def test_prints_the_config_with_its_bases_and_options(tmp_path):
    done = print_config(CONFIG, '--cfg-options', 'train_cfg.max_iters=7',
                        'model.generator.base_channels=4')
    assert done.returncode == 0, done.stderr
    scope = {}
    exec(done.stdout, scope)  # the output is a config itself
    assert scope['train_cfg']['max_iters'] == 7
    assert scope['model']['generator']['base_channels'] == 4
    assert scope['model']['generator']['out_channels'] == 1
    assert scope['default_hooks']['timer'] == dict(type='GenIterTimerHook')


def test_says_what_is_wrong_with_the_command_line():
    assert 'There is no config no.py' in print_config('no.py').stderr
    assert 'no setting is called "mdoel"' in print_config(
        CONFIG, '--cfg-options', 'mdoel.type=BigGAN').stderr
