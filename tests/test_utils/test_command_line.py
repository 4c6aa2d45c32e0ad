import os
import subprocess
import sys
from argparse import ArgumentParser

import pytest

from mmgen.utils.command_line import (add_run_arguments, one_sentence,
                                      parse_run_arguments)


@pytest.fixture
def parse(monkeypatch):

    def parse(*words):
        parser = ArgumentParser()
        add_run_arguments(parser)
        monkeypatch.setattr(sys, 'argv', ['tool', *words])
        return parse_run_arguments(parser)

    return parse


def test_options_of_a_run(parse):
    args = parse('c.py', '--work-dir', 'here', '--launcher', 'slurm',
                 '--trust-checkpoint', '--cfg-options', 'a.b=1', 'c=[2,x]')
    assert (args.config, args.work_dir, args.launcher) == (
        'c.py', 'here', 'slurm')
    assert args.trust_checkpoint
    assert args.cfg_options == {'a.b': 1, 'c': [2, 'x']}


def test_the_rank_of_an_option_gives_way_to_the_environment(
        parse, monkeypatch):
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    parse('c.py', '--local-rank', '3')
    assert os.environ['LOCAL_RANK'] == '3'
    parse('c.py', '--local_rank', '4')
    assert os.environ['LOCAL_RANK'] == '3'


def test_help_does_not_wait_for_torch():
    code = ('import sys, mmgen.utils.command_line; '
            'sys.exit("torch" in sys.modules)')
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0


@pytest.mark.parametrize('error', [
    ValueError, TypeError, RuntimeError, FileNotFoundError, ImportError])
def test_a_mistake_ends_with_its_sentence(error):
    with pytest.raises(SystemExit) as ended, one_sentence():
        raise error('FID: real_nums=3, expected more.')
    assert ended.value.code == 'FID: real_nums=3, expected more.'


def test_the_traceback_of_a_worker_is_left_out():
    text = ('Caught RuntimeError in DataLoader worker process 0.\n'
            'Original Traceback (most recent call last):\n'
            '  File "x.py", line 3, in read\n'
            '    raise RuntimeError(\n'
            'RuntimeError: a.png: not an image:\nit is empty\n')
    with pytest.raises(SystemExit) as ended, one_sentence():
        raise RuntimeError(text)
    assert ended.value.code == 'a.png: not an image:\nit is empty'


def test_other_errors_keep_their_traceback():
    with pytest.raises(KeyError), one_sentence():
        raise KeyError('x')
