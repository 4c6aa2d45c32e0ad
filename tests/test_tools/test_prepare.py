"""The command line of tools/dataset/prepare.py."""
import json

import numpy as np
import pytest
from PIL import Image
from scripts import run_script

TOOL = 'tools/dataset/prepare.py'


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'in'
    for name in 'ab':
        (root / name).mkdir(parents=True)
        for i in range(3):
            draw = np.random.default_rng(i + ord(name)).integers
            Image.fromarray(draw(0, 256, (9, 9, 3), np.uint8)).save(
                root / name / f'{i}.png')
    (root / 'a/[bold]x.png').write_bytes(b'')
    return root


def text_of(capsys):
    return ' '.join(capsys.readouterr().out.split())


def test_preparing_says_what_it_did_and_how_to_read_it(
        folder, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'out'
    run_script(monkeypatch, TOOL, folder, out, '--resolution', 4, '--labels',
               'folder', '--workers', 1)
    text = text_of(capsys)
    assert 'pictures 7, of which 6 kept' in text
    assert 'skipped 1 no image: a/[bold]x.png' in text
    assert 'classes 2: a 3, b 3' in text
    assert f"dict(type='ImageNet', data_root='{out}', data_prefix='', " \
        "ann_file='labels.txt'" in text
    assert len(list(out.rglob('*.png'))) == 6
    run_script(monkeypatch, TOOL, folder, out, '--resolution', 4, '--labels',
               'folder', '--workers', 1)
    assert 'pictures 7, of which 6 kept' in text_of(capsys)


def test_the_printed_entry_builds_the_dataset(folder, tmp_path, monkeypatch,
                                              capsys):
    from mmgen.registry import DATASETS
    for form in ('folder', 'zip', 'lmdb'):
        for labels, length in (((), 6), (('--labels', 'folder'), 6)):
            out = tmp_path / f'{form}{len(labels)}'
            run_script(monkeypatch, TOOL, folder, out, '--resolution', 4,
                       '--format', form, '--workers', 1, *labels)
            entry = text_of(capsys).partition('dataset=')[2]
            config = eval(entry.replace('pipeline=...', 'pipeline=[]'))
            assert len(DATASETS.build(config)) == length


def test_checking_writes_the_report_alone_and_on_demand(
        folder, tmp_path, monkeypatch, capsys):
    file = tmp_path / 'report.json'
    run_script(monkeypatch, TOOL, folder, '--check', '--workers', 1)
    assert not file.exists()
    assert 'images are in' not in text_of(capsys)
    run_script(monkeypatch, TOOL, folder, '--check', '--workers', 1,
               '--report', file)
    assert json.loads(file.read_text())['num_kept'] == 6
    assert sorted(p.name for p in tmp_path.iterdir()) == ['in', 'report.json']


@pytest.mark.parametrize('options, words', [
    ((), 'OUT and --resolution are needed, or --check'),
    (('out', '--check'), '--check writes nothing: leave out OUT'),
    (('out', '--resolution', '4', '--report', 'x'), '--report goes with'),
    (('--check', '--report', 'gone/x'), 'gone/x: there is no such folder'),
    (('--check', '--labels-file', 'x'), '--labels-file goes with --labels'),
    (('--check', '--workers', '0'), '--workers 0, expected 1 or more'),
])
def test_options_that_do_not_go_together(options, words, folder, monkeypatch,
                                         capsys):
    with pytest.raises(SystemExit) as end:
        run_script(monkeypatch, TOOL, folder, *options)
    assert end.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize('options, words', [
    (('--resolution', 0), 'resolution=0, expected a number'),
    (('--resolution', 99), 'none of the 7 pictures in .* can be used: '
     '6 too small, 1 no image'),
    (('--resolution', 4, '--labels', 'csv'), 'Name the file with'),
])
def test_errors_are_a_sentence(options, words, folder, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=words):
        run_script(monkeypatch, TOOL, folder, tmp_path / 'out', '--workers',
                   1, *options)


def test_a_folder_that_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match='neither a folder nor a .zip file'):
        run_script(monkeypatch, TOOL, tmp_path / 'x', '--check')


def test_ctrl_c_says_how_to_go_on(folder, tmp_path, monkeypatch, capsys):
    from mmgen.datasets.preparing import survey

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(survey, 'square_image', interrupt)
    with pytest.raises(SystemExit) as end:
        run_script(monkeypatch, TOOL, folder, tmp_path / 'out',
                   '--resolution', 4, '--workers', 1)
    assert end.value.code == 130
    assert 'The same command goes on' in capsys.readouterr().err
