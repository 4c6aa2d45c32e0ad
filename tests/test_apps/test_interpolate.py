"""Films and pictures of ways through latents."""
import numpy as np
import pytest
from families import FAMILIES
from PIL import Image
from scripts import run_script
from tiny_checkpoints import write_run

from mmgen.apis import load


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Run an app on a run's folder; the file."""

    def call(name, family, *args):
        folder = write_run(tmp_path / 'run', FAMILIES[family])
        run_script(monkeypatch, f'apps/{name}.py', folder, *args, '--device',
                   'cpu', '--samples-path', tmp_path / 'out')
        file, = (tmp_path / 'out').iterdir()
        return Image.open(file)

    return call


def cells(picture, n_row, side):
    """The images of a picture, which have borders of two pixels."""
    pixels = np.asarray(picture)
    step = side + 2
    count = n_row * ((len(pixels) - 2) // step)
    return [pixels[2 + step * (i // n_row):, 2 + step * (i % n_row):][
        :side, :side] for i in range(count)]


@pytest.mark.parametrize('space', ['z', 'w'])
@pytest.mark.parametrize('mode', ['lerp', 'slerp'])
def test_the_way_begins_and_ends_with_samples(space, mode, app, tmp_path):
    frames = cells(app(
        'interpolate_sample', 'stylegan2', '--space', space, '--interp-mode',
        mode, '--show-mode', 'group', '--interval', 4, '--seed', 3,
        '--sample-cfg', 'randomize_noise=False', '--batch-size', 1), 4, 16)
    ends = load(tmp_path / 'run', device='cpu').sample(
        2, 3, randomize_noise=False)
    assert len(frames) == 4
    for frame, end in zip(frames[::3], ends):
        assert np.abs(frame.astype(int) - end).max() <= 1
    assert not np.array_equal(frames[1], frames[2])


def test_a_film_without_styles(app):
    film = app('interpolate_sample', 'dcgan', '--export-video', '--interval',
               3, '--endpoint', 3)
    assert film.format == 'GIF' and film.size == (16, 16)


@pytest.mark.parametrize('family, args', [
    ('biggan_ajbrock', ['--fix-z']),
    ('stylegan2_classes', ['--space', 'w', '--fix-z']),
    ('sngan', ['--fix-y'])])
def test_from_class_to_class(family, args, app, tmp_path):
    side = 16 if family == 'stylegan2_classes' else 32
    frames = cells(app(
        'conditional_interpolate', family, '--label', 0, 2, '--show-mode',
        'group', '--interval', 3, '--batch-size', 1, *args), 3, side)
    sampler = load(tmp_path / 'run', device='cpu')
    label = 0 if '--fix-y' in args else 2
    noise = sampler.noise(2, 2021)[int('--fix-y' in args)][None]
    last = next(sampler.render(
        noise, sampler.model.label_fn([label]), seed=2021))[0]
    assert np.abs(frames[2].astype(int) - last).max() <= 1
    assert not np.array_equal(frames[0], frames[2])


@pytest.mark.parametrize('name, family, args, words', [
    ('interpolate_sample', 'sngan', [], 'use conditional_interpolate.py'),
    ('conditional_interpolate', 'dcgan', [], 'use interpolate_sample.py'),
    ('conditional_interpolate', 'sngan', ['--label', '0', '1'],
     'Use --fix-y, or --space w')])
def test_the_wrong_model_is_told_where_to_go(name, family, args, words, app):
    with pytest.raises(SystemExit, match=words):
        app(name, family, *args)


def test_space_w_needs_styles(app):
    with pytest.raises(SystemExit, match='has no styles .space w.'):
        app('interpolate_sample', 'dcgan', '--space', 'w')
