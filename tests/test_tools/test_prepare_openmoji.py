import hashlib
import json
import sys
import types

import cv2
import numpy as np
import pytest
from data_set_tool import DataSetTool, write_npm_package

# Eleven faces, of which the tenth in their order is for testing.
FACES = [f'1F60{number:X}' for number in range(11)]
PAIRS = len(FACES)


def emoji(name, group='smileys-emotion', skintone=''):
    return dict(hexcode=name, group=group, skintone=skintone)


LEFT_OUT = [
    emoji('1F3C1', group='flags'),
    emoji('1F44D-1F3FB', group='people-body', skintone='1'),
    emoji('1F468-200D-1F373', group='people-body'),
]


def drawing(style, number):
    """An SVG with one square: black on the left, or red at ``number``."""
    x, color = (0, 'black') if style == 'black' else (4 * number, 'red')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
            f'<rect x="{x}" width="4" height="4" fill="{color}"/></svg>'
            ).encode()


@pytest.fixture
def tool(monkeypatch):
    return DataSetTool('prepare_openmoji.py', monkeypatch)


@pytest.fixture
def package(tool, tmp_path):
    """A package of eleven faces and of emoji that are not to be written."""
    table = [*map(emoji, reversed(FACES)), *LEFT_OUT]
    files = {'data/openmoji.json': json.dumps(table).encode()}
    for style in ('black', 'color'):
        for number, name in enumerate(FACES):
            files[f'{style}/svg/{name}.svg'] = drawing(style, number)
    path = tmp_path / 'openmoji.tgz'
    write_npm_package(path, files)
    tool.scope.update(
        SHA256=hashlib.sha256(path.read_bytes()).hexdigest(), COUNT=PAIRS)
    return path


@pytest.fixture
def renderer(monkeypatch):
    """A renderer of those drawings in place of the package, which is not
    part of what tests need."""

    def svg_to_bytes(svg_string, width, height, background,
                     skip_system_fonts):
        assert background == 'white' and skip_system_fonts
        image = np.full((height, width, 4), 255, np.uint8)
        start = int(svg_string.split(' x="')[1].split('"')[0])
        red = 255 if 'red' in svg_string else 0
        image[:4, start:start + 4, :3] = 0, 0, red
        return cv2.imencode('.png', image)[1].tobytes()

    module = types.ModuleType('resvg_py')
    module.svg_to_bytes = svg_to_bytes
    monkeypatch.setitem(sys.modules, 'resvg_py', module)


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def check_pairs(out):
    for number, name in enumerate(FACES):
        part = 'test' if number == 9 else 'train'
        pair = read(out / part / f'{name}.png')
        assert pair.shape == (64, 128, 3)
        expected = np.full_like(pair, 255)
        expected[:4, :4] = 0
        expected[:4, 64 + 4 * number:68 + 4 * number] = 0, 0, 255
        assert np.array_equal(pair, expected)


def test_pairs_are_written_side_by_side(tool, package, renderer, tmp_path,
                                        capsys):
    out = tmp_path / 'pairs'
    tool.run('--package', package, '--out', out)
    check_pairs(out)
    assert len(list(out.glob('*/*'))) == PAIRS
    note = (out / 'SOURCE.txt').read_text()
    assert 'Attribution-ShareAlike 4.0 licence' in note
    assert 'openmoji@17.0.0' in note
    assert '11 pairs of 64x64, 1 of them for testing' in (
        capsys.readouterr().out)


def test_the_real_renderer_draws_them_so(tool, package, tmp_path):
    pytest.importorskip('resvg_py')
    out = tmp_path / 'pairs'
    tool.run('--package', package, '--out', out)
    check_pairs(out)


def test_a_second_run_writes_nothing(tool, package, renderer, tmp_path,
                                     capsys):
    out = tmp_path / 'pairs'
    tool.run('--package', package, '--out', out)
    package.unlink()  # not even looked for
    tool.run('--package', package, '--out', out)
    assert 'already' in capsys.readouterr().out


def test_an_interrupted_run_is_completed(tool, package, renderer, tmp_path):
    out = tmp_path / 'pairs'
    tool.run('--package', package, '--out', out)
    path = out / 'test' / f'{FACES[9]}.png'
    path.rename(path.with_suffix('.part'))
    tool.run('--package', package, '--out', out)
    assert len(list(out.glob('*/*'))) == PAIRS


def test_another_size_replaces_the_pairs(tool, package, renderer, tmp_path):
    out = tmp_path / 'pairs'
    tool.run('--package', package, '--out', out)
    tool.run('--package', package, '--out', out, '--size', 80)
    assert read(out / 'train' / f'{FACES[0]}.png').shape == (80, 160, 3)


def test_files_that_do_not_belong_there_are_named(tool, package, renderer,
                                                  tmp_path):
    (tmp_path / 'pairs/train').mkdir(parents=True)
    (tmp_path / 'pairs/train/mine.png').write_bytes(b'')
    with pytest.raises(SystemExit, match='holds 12 images, expected 11'):
        tool.run('--package', package, '--out', tmp_path / 'pairs')


def test_another_file_is_refused(tool, package, renderer, tmp_path):
    write_npm_package(package, {'README.md': b'other'})
    with pytest.raises(SystemExit, match='has the sha256 .* expected'):
        tool.run('--package', package, '--out', tmp_path / 'a')


def test_without_the_renderer_it_says_what_to_do(tool, package, monkeypatch,
                                                 tmp_path):
    monkeypatch.setitem(sys.modules, 'resvg_py', None)
    with pytest.raises(SystemExit, match='"resvg-py", which is not installed: '
                       'pip install resvg-py'):
        tool.run('--package', package, '--out', tmp_path / 'a')


def test_a_side_of_no_pixels_is_refused(tool, capsys):
    with pytest.raises(SystemExit):
        tool.run('--size', 0)
    assert '--size 0, expected 1 pixel or more' in capsys.readouterr().err
