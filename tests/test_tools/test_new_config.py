"""tools/new_config.py: what it says, and how it ends."""
import runpy
import sys
from pathlib import Path

import pytest
from tiny_runs import write_images

TOOL = Path(__file__).resolve().parents[2] / 'tools/new_config.py'


@pytest.fixture
def run(monkeypatch, capsys):
    """Arguments to the exit code, the output and the errors."""

    def main(*args):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(TOOL), run_name='__main__')
        return (end.value.code, *capsys.readouterr())

    return main


def test_it_says_what_it_found_and_what_is_next(run, tmp_path):
    data = write_images(tmp_path / 'x', classes=3, per_class=2)
    out = tmp_path / 'own.py'
    code, said, _ = run('--data', data, '--family', 'stylegan2', '--gpus', 2,
                        '--out', out)
    assert code == 0
    assert '6 images, colour, 32x32 pixels, 3 classes' in said
    assert '2 GPUs x 32 images an update, 390625 iterations for 25 million' \
        in said
    assert f'bash tools/dist_train.sh {out} 2' in said
    assert out.is_file()


def test_classes_that_are_not_used_are_mentioned(run, tmp_path):
    data = write_images(tmp_path / 'x', classes=3, per_class=2)
    code, said, _ = run('--data', data, '--family', 'dcgan', '--cpu', '--out',
                        tmp_path / 'own.py')
    assert code == 0
    assert 'dcgan has no classes: the 3 of the data are not used' in said


@pytest.mark.parametrize('args, words', [
    (('--data', 'nowhere', '--family', 'dcgan'), 'there is no nowhere'),
    (('--data', '.', '--family', 'gcdan'), "there is no 'gcdan'"),
])
def test_errors_are_one_sentence(run, args, words):
    code, said, complaint = run(*args)
    assert code == 2
    assert words in complaint
    assert said == '' and 'Traceback' not in complaint
    assert complaint.count('\n') == 1
