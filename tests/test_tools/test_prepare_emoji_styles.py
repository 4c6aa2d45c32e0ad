import hashlib
import json

import cv2
import numpy as np
import pytest
from data_set_tool import DataSetTool, write_npm_package

# Six faces, of which the fifth in their order is for testing.
FACES = [f'1f60{number}' for number in range(6)]
OPACITY = dict(google=255, twitter=51)  # of the two styles' images


def emoji(name, subcategory='face-smiling', twitter=True):
    return dict(image=f'{name}.png', subcategory=subcategory,
                has_img_google=True, has_img_twitter=twitter)


LEFT_OUT = [emoji('1f480', 'face-costume'), emoji('1f44d', 'hands'),
            emoji('1fae9', twitter=False)]


def red_image(opacity):
    image = np.zeros((64, 64, 4), np.uint8)
    image[..., 2], image[..., 3] = 255, opacity
    return cv2.imencode('.png', image)[1].tobytes()


@pytest.fixture
def tool(monkeypatch):
    return DataSetTool('prepare_emoji_styles.py', monkeypatch)


@pytest.fixture
def packages(tool, tmp_path):
    """Options for the two packages, which the tool takes for the right ones."""
    table = [*map(emoji, reversed(FACES)), *LEFT_OUT]
    options, sums = [], {}
    for style, opacity in OPACITY.items():
        path = tmp_path / f'{style}.tgz'
        files = {f'img/{style}/64/{each["image"]}': red_image(opacity)
                 for each in table}
        files[f'img/{style}/32/1f600.png'] = b'another size'
        write_npm_package(
            path, {**files, 'emoji.json': json.dumps(table).encode()})
        options += [f'--{style}', path]
        sums[style] = hashlib.sha256(path.read_bytes()).hexdigest()
    tool.scope.update(SHA256=sums, COUNT=len(FACES))
    return options


def test_both_styles_are_written_on_white(tool, packages, tmp_path, capsys):
    out = tmp_path / 'styles'
    tool.run(*packages, '--out', out)
    for domain, color in (('A', (0, 0, 255)), ('B', (204, 204, 255))):
        names = {part: sorted(path.stem for path in out.glob(
            f'{part}{domain}/*')) for part in ('train', 'test')}
        assert names == dict(train=[*FACES[:4], FACES[5]], test=[FACES[4]])
        image = cv2.imread(str(out / f'test{domain}/{FACES[4]}.png'))
        assert image.shape == (64, 64, 3) and (image == color).all()
    note = (out / 'SOURCE.txt').read_text()
    assert 'Apache licence 2.0' in note
    assert 'Creative Commons Attribution 4.0' in note
    assert 'emoji-datasource-twitter@16.0.0' in note
    assert '6 faces of 64x64 in each style, 1 of them' in (
        capsys.readouterr().out)


def test_a_second_run_writes_nothing(tool, packages, tmp_path, capsys):
    out = tmp_path / 'styles'
    tool.run(*packages, '--out', out)
    for path in packages[1::2]:
        path.unlink()  # not even looked for
    tool.run(*packages, '--out', out)
    assert 'already' in capsys.readouterr().out


@pytest.mark.parametrize('folder', ['trainA', 'trainB'])
def test_an_interrupted_run_is_completed(tool, packages, tmp_path, folder):
    out = tmp_path / 'styles'
    tool.run(*packages, '--out', out)
    path = out / folder / f'{FACES[0]}.png'
    path.rename(path.with_suffix('.part'))
    tool.run(*packages, '--out', out)
    assert len(list(out.glob('*/*'))) == 2 * len(FACES)


def test_files_that_do_not_belong_there_are_named(tool, packages, tmp_path):
    out = tmp_path / 'styles'
    (out / 'testB').mkdir(parents=True)
    (out / 'testB' / 'mine.png').write_bytes(b'')
    with pytest.raises(SystemExit, match='holds 7 images, expected 6'):
        tool.run(*packages, '--out', out)


def test_the_packages_are_not_exchanged(tool, packages, tmp_path):
    google, twitter = packages[1::2]
    with pytest.raises(SystemExit, match='twitter.tgz has the sha256 .* Use '
                       'emoji-datasource-google@16.0.0'):
        tool.run('--google', twitter, '--twitter', google,
                 '--out', tmp_path / 'a')


def test_without_npm_it_says_what_to_do(tool, packages, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SystemExit, match='npm, .* is not installed.*npm pack '
                       'emoji-datasource-twitter.* --twitter FILE'):
        tool.run(*packages[:2], '--out', tmp_path / 'a')
