import hashlib

import cv2
import numpy as np
import pytest
from data_set_tool import DataSetTool, write_npm_package

COOK = '1f469-1f3fd-200d-1f373'
ELF = '1f9dd'


@pytest.fixture
def images():
    """A cook, an elf and, not to be written, a hand."""
    draw = np.random.default_rng(0).integers
    names = (COOK, ELF, '1f44d-1f3fb')
    return {name: draw(0, 256, (256, 256, 4), np.uint8) for name in names}


@pytest.fixture
def tool(monkeypatch):
    return DataSetTool('prepare_emoji.py', monkeypatch)


@pytest.fixture
def package(tool, images, tmp_path):
    """A package of those images, which the tool takes for the right one."""
    path = tmp_path / 'emoji.tgz'
    files = {f'assets/{name}.webp': webp(image)
             for name, image in images.items()}
    write_npm_package(path, {**files, 'README.md': b'read me'})
    tool.scope.update(
        SHA256=hashlib.sha256(path.read_bytes()).hexdigest(), COUNT=2)
    return path


def webp(image):
    """The image in a file, without loss."""
    quality = [cv2.IMWRITE_WEBP_QUALITY, 101]
    return cv2.imencode('.webp', image, quality)[1].tobytes()


def read_back(image):
    """What a lossless file gives of the image."""
    return cv2.imdecode(
        np.frombuffer(webp(image), np.uint8), cv2.IMREAD_UNCHANGED)


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_busts_are_written_on_white_under_their_code_points(
        tool, package, images, tmp_path, capsys):
    out = tmp_path / 'emoji'
    tool.run('--package', package, '--out', out)
    assert sorted(path.name for path in out.iterdir()) == [
        f'{COOK}.png', f'{ELF}.png', 'SOURCE.txt']
    # A clear pixel has no colour of its own: the file need not keep it.
    image = read_back(images[ELF])
    opacity = image[..., 3:] / 255
    on_white = opacity * image[..., :3] + (1 - opacity) * 255
    means = on_white.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(read(out / f'{ELF}.png') - means).max() < 0.501
    note = (out / 'SOURCE.txt').read_text()
    assert 'MIT\nlicence' in note and 'fluent-emoji-3d@1.1.0' in note
    assert '2 emoji of 64x64' in capsys.readouterr().out


def test_clear_is_white_and_half_clear_is_halfway(tool):
    image = np.zeros((256, 256, 4), np.uint8)
    image[:128, :, 2] = 255  # red
    image[:128, :128, 3] = 255
    image[:128, 128:, 3] = 51  # a fifth
    fitted = tool.names['fit'](image, 2)
    assert fitted.tolist() == [[[0, 0, 255], [204, 204, 255]],
                               [[255, 255, 255], [255, 255, 255]]]


def test_scaling_does_not_alias(tool):
    """Stripes of one pixel become grey, not stripes."""
    image = np.full((256, 256, 4), 255, np.uint8)
    image[:, ::2, :3] = 0
    fitted = tool.names['fit'](image, 64)
    assert np.all((fitted == 127) | (fitted == 128))


@pytest.mark.parametrize('name, expected', [
    ('1f9d5', True),                                    # with a headscarf
    ('1f575-fe0f-200d-2640-fe0f', True),                # a detective
    ('1f468-1f3ff-200d-2695-fe0f', True),               # a doctor
    ('1f468', False),                                   # a head
    ('1f473-1f3fb-200d-2642-fe0f', False),              # a head in a turban
    ('1f9d1-200d-1f384', False),                        # a head of Claus
    ('1f9da-200d-2640-fe0f', False),                    # a fairy, legs and all
    ('1f468-200d-1f9bd', False),                        # in a wheelchair
    ('1f468-200d-1f469-200d-1f467', False),             # a family
    ('1f469-200d-2764-fe0f-200d-1f468', False),         # a couple
    ('1f44d-1f3fb', False),                             # a hand
    ('1f373', False),                                   # the cook's egg
    ('1f3fb', False),                                   # a tone of skin
])
def test_only_busts_are_taken(tool, name, expected):
    assert tool.names['is_bust'](name) is expected


def test_a_second_run_writes_nothing(tool, package, tmp_path, capsys):
    out = tmp_path / 'emoji'
    tool.run('--package', package, '--out', out)
    package.unlink()  # not even looked for
    tool.run('--package', package, '--out', out)
    assert 'already' in capsys.readouterr().out


def test_an_interrupted_run_is_completed(tool, package, tmp_path):
    out = tmp_path / 'emoji'
    tool.run('--package', package, '--out', out)
    (out / f'{ELF}.png').rename(out / f'{ELF}.part')
    tool.run('--package', package, '--out', out)
    assert len(list(out.iterdir())) == 3


def test_another_size_replaces_the_images(tool, package, tmp_path):
    out = tmp_path / 'emoji'
    tool.run('--package', package, '--out', out)
    tool.run('--package', package, '--out', out, '--size', 32)
    assert read(out / f'{ELF}.png').shape == (32, 32, 3)


def test_files_that_do_not_belong_there_are_named(tool, package, tmp_path):
    out = tmp_path / 'emoji'
    out.mkdir()
    (out / 'mine.png').write_bytes(b'')
    with pytest.raises(SystemExit, match='holds 3 images, expected 2'):
        tool.run('--package', package, '--out', out)


def test_another_file_is_refused(tool, package, tmp_path):
    write_npm_package(package, {'README.md': b'other'})
    with pytest.raises(SystemExit, match='has the sha256 .* expected'):
        tool.run('--package', package, '--out', tmp_path / 'a')
    with pytest.raises(SystemExit, match='is not the package @lobehub'):
        tool.run('--package', tmp_path, '--out', tmp_path / 'a')


def test_without_npm_it_says_what_to_do(tool, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SystemExit, match='npm, .* is not installed.*--package'):
        tool.run('--out', tmp_path / 'a')


def test_a_download_that_fails_says_what_to_do(tool, monkeypatch, tmp_path):
    npm = tmp_path / 'npm'
    npm.write_text('#!/bin/sh\nexit 1\n')
    npm.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SystemExit, match='Could not download .* --package'):
        tool.run('--out', tmp_path / 'a')


def test_npm_puts_the_package_where_it_is_looked_for(tool, package,
                                                     monkeypatch, tmp_path):
    npm = tmp_path / 'npm'
    npm.write_text('#!/bin/sh\n[ "$1 $2 $3" = "pack --silent '
                   f'--pack-destination" ] && /bin/cp {package} "$4"\n')
    npm.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    tool.run('--out', tmp_path / 'a')
    assert len(list((tmp_path / 'a').glob('*.png'))) == 2


@pytest.mark.parametrize('size', [0, 257])
def test_sizes_that_no_image_has_are_refused(tool, capsys, size):
    with pytest.raises(SystemExit):
        tool.run('--size', size)
    assert f'--size {size} is not within 1 to 256' in capsys.readouterr().err
