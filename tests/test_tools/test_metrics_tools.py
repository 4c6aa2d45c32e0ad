"""Measure two folders, and compare what was measured."""
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_evaluation  # noqa: F401, registers the tiny feature network
from PIL import Image

from mmgen.evaluation import evaluate_images

ROOT = Path(__file__).resolve().parents[2]


def run(monkeypatch, name, *args):
    """A tool in this process, which knows the tiny feature network."""
    monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
    runpy.run_path(str(ROOT / 'tools/metrics' / name), run_name='__main__')


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))
    rng = np.random.default_rng(0)
    for name in ('fake', 'real'):
        (tmp_path / name).mkdir()
        for index in range(6):
            pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f'{index}.png')
    return tmp_path / 'fake', tmp_path / 'real'


def measure(monkeypatch, folders, *args):
    fake, real = folders
    run(monkeypatch, 'evaluate.py', '--fake', fake, '--real', real,
        '--metrics', 'FID', '--feature', 'TinyFeatures', '--num-workers', 0,
        *args)


def test_writes_and_prints_what_the_function_gives(
        folders, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'results.json'
    measure(monkeypatch, folders, '--out', out, '--resize', 4,
            '--batch-size', 3)
    expected = evaluate_images(*folders, ['FID'], feature='TinyFeatures',
                               resize=4, batch_size=3)
    written = json.loads(out.read_text())['results']
    assert {key: item['value'] for key, item in written.items()} == expected
    printed = capsys.readouterr().out
    for key, value in expected.items():
        assert key in printed and f'{value:.6g}' in printed


def cells(printed, key):
    """The line of a table that begins with a key."""
    line, = [line for line in printed.splitlines() if f' {key} ' in line]
    return [cell.strip() for cell in line.strip('│ ').split('│')]


def test_value_error_and_floor_are_on_one_line(
        folders, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(1)
    np.savez(tmp_path / 'fake.npz', rng.integers(
        0, 256, (20, 8, 8, 3), np.uint8))
    for name in ('a', 'b'):
        measure(monkeypatch, (tmp_path / 'fake.npz', folders[1]), '--options',
                'FID.standard_error=True', '--out', tmp_path / f'{name}.json')
    card = json.loads((tmp_path / 'a.json').read_text())
    item = card['results']['FID-Tiny/fid']
    printed = capsys.readouterr().out
    first, _ = printed.split('What these numbers are')[:2]
    assert 'standard error' in first and 'floor' in first
    assert [float(cell) for cell in cells(first, 'FID-Tiny/fid')[1:]] \
        == pytest.approx([item['value'], item['standard_error'],
                          item['floor']], rel=1e-5)
    monkeypatch.setenv('COLUMNS', '250')
    run(monkeypatch, 'compare.py', tmp_path / 'a.json', tmp_path / 'b.json')
    *_, difference, error = cells(capsys.readouterr().out, 'FID-Tiny/fid')
    assert float(difference) == 0
    assert float(error) == pytest.approx(
        2**0.5 * item['standard_error'], rel=0.05)


def test_options_reach_their_metric(folders, tmp_path, monkeypatch):
    fake, real = folders
    run(monkeypatch, 'evaluate.py', '--fake', fake, '--real', real,
        '--metrics', 'FID', '--options', 'FID.fake_nums=4',
        'FID.feature.type=TinyFeatures', 'FID.prefix=FID-Tiny-4',
        '--out', tmp_path / 'results.json')
    results = json.loads((tmp_path / 'results.json').read_text())['results']
    assert results['FID-Tiny-4/fid']['identity']['fake']['images'] == 4


def test_no_mistake_ends_with_a_traceback(folders, tmp_path):
    """Also one that a process which reads images finds."""
    damaged = folders[0] / '3.png'
    damaged.write_bytes(b'no image')
    done = subprocess.run(
        [sys.executable, 'tools/metrics/evaluate.py', '--fake', folders[0],
         '--real', folders[1], '--metrics', 'SWD', '--resize', '16',
         '--num-workers', '1'], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    message = done.stderr[done.stderr.index('1 broken images'):]
    assert '3.png' in message and len(message.splitlines()) < 5


@pytest.mark.parametrize('args, words', [
    (['--options', 'FID.feature.type=CLIP', 'FID.feature.path=nowhere'],
     'CLIP: there is no file nowhere'),
    (['--options', 'FID.feature.type=CLIP', 'FID.feature.file=nowhere'],
     "unexpected keyword argument 'file'"),
    (['--out', '/proc/nothing/results.json'], 'No such file or directory'),
    (['--options', 'IS.splits=2'], 'IS.splits=2: expected METRIC.KEY=VALUE '
     'with one of --metrics, FID'),
    (['--options', 'FID.speed=2'], "has no setting 'speed'"),
    (['--metrics', 'FUD'], "no metric is called 'FUD'"),
    (['--fake', 'nowhere'], 'nowhere: no such folder or file'),
])
def test_wrong_input_ends_with_a_sentence(folders, monkeypatch, args, words):
    with pytest.raises(SystemExit, match=words):
        measure(monkeypatch, folders, *args)


def test_compares_numbers_of_one_recipe(folders, tmp_path, monkeypatch,
                                        capsys):
    first, second = tmp_path / 'a.json', tmp_path / 'b.json'
    measure(monkeypatch, folders, '--out', first)
    measure(monkeypatch, (folders[1], folders[1]), '--out', second)
    value = json.loads(first.read_text())['results']['FID-Tiny/fid']['value']
    capsys.readouterr()
    monkeypatch.setenv('COLUMNS', '200')
    run(monkeypatch, 'compare.py', first, second)
    line, = [line for line in capsys.readouterr().out.splitlines()
             if 'FID-Tiny/fid' in line]
    assert f'{value:.6g}' in line
    # The second compares the real images with themselves.
    assert float(line.split('│')[-2]) == pytest.approx(-value, rel=1e-5)


def test_unlike_recipes_are_refused(folders, tmp_path, monkeypatch):
    first, second = tmp_path / 'a.json', tmp_path / 'b.json'
    measure(monkeypatch, folders, '--out', first)
    measure(monkeypatch, folders, '--out', second, '--resize', 4)
    with pytest.raises(SystemExit, match='FID-Tiny/fid was measured in two '
                       'ways: fake.resize is None in the first and "Pillow'):
        run(monkeypatch, 'compare.py', first, second)


@pytest.mark.parametrize('content, words', [
    (None, 'No such file'), ('{', 'not an identity card: Expecting'),
    ('[1]', 'holds no JSON object'), ('{}', 'it has no "results"')])
def test_other_files_are_refused(tmp_path, monkeypatch, content, words):
    path = tmp_path / 'a.json'
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match=words):
        run(monkeypatch, 'compare.py', path, path)


def test_help_answers_before_the_evaluation_is_imported():
    code = ('import sys, runpy\n'
            "sys.argv = ['evaluate.py', '--help']\n"
            'try:\n'
            "    runpy.run_path('tools/metrics/evaluate.py', "
            "run_name='__main__')\n"
            'finally:\n'
            "    assert 'mmgen.evaluation' not in sys.modules\n")
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, text=True,
                          capture_output=True,
                          env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert '--real DIR|ZIP|NPZ|STATS.npz' in done.stdout
