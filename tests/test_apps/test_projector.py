"""The projector, and the way through what it found."""
import runpy
import sys
from dataclasses import asdict

import numpy as np
import pytest
import tiny_features  # noqa: F401  registers a feature network
from families import FAMILIES
from PIL import Image
from scripts import ROOT, run_script
from tiny_checkpoints import write_run

from mmgen.apis import load
from mmgen.apis.projection import ProjectionSettings, read_projection

FEW = ['--total-iters', 30, '--mean-latent', 100]


@pytest.fixture
def files(tmp_path):
    """Two pictures that the generator made: one as it is, one enlarged."""
    folder = write_run(tmp_path / 'run', FAMILIES['stylegan2'])
    images = load(folder, device='cpu').sample(2, 4)
    Image.fromarray(images[0]).save(tmp_path / 'a.png')
    wide = Image.fromarray(images[1]).resize((64, 64))
    wide.save(tmp_path / 'b.png')
    return [tmp_path / 'a.png', tmp_path / 'b.png']


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Run the projector on the run's folder; the latents and the pictures."""

    def call(files, *args, run=('run', ), side=16):
        run_script(
            monkeypatch, 'apps/stylegan_projector.py',
            *(tmp_path / name for name in run), *files, '--use-cpu',
            '--results-path', tmp_path / 'out', *FEW, *args)
        found = read_projection(tmp_path / 'out/projected.npz')
        pixels = np.asarray(Image.open(tmp_path / 'out/projected.png'))
        step = side + 2
        cells = [[pixels[2 + y * step:, 2 + x * step:][:side, :side]
                  for x in (0, 1)] for y in range(len(files))]
        return *found, np.array(cells).astype(int)

    return call


def error(cells):
    """Of the pictures that were made, for each target."""
    return np.abs(cells[:, 0] - cells[:, 1]).mean((1, 2, 3))


def test_targets_and_what_was_found_stand_side_by_side(
        files, app, tmp_path, capsys):
    latents, noises, few = app(files, '--distance', 'pixels',
                               '--total-iters', 1)
    assert latents.shape == (2, 8) and len(noises) == 5
    latents, _, many = app(
        files, '--distance', 'pixels', '--total-iters', 150, '--w-plus')
    assert latents.shape == (2, 6, 8)
    assert np.array_equal(many[0, 0], np.asarray(Image.open(files[0])))
    assert (error(many) < 0.6 * error(few)).all()
    told = capsys.readouterr().out
    assert f'{files[1]}: distance ' in told and 'projected.png' in told


def test_a_run_or_a_config_and_a_checkpoint(files, app, tmp_path):
    args = ['--distance', 'TinyFeatures', '--batch-size', 1]
    of_run = app(files, *args, '--random-seed', 3)[0]
    of_file = app(files, *args, '--seed', 3,
                  run=('run/config.py', 'run/iter_3.pth'))[0]
    assert np.array_equal(of_run, of_file)


def test_a_film_begins_at_the_mean_and_ends_at_the_picture(
        files, app, tmp_path):
    *_, cells = app(files, '--distance', 'pixels', '--export-video',
                    '--noise', 0)
    film = Image.open(tmp_path / 'out/projection.gif')
    assert film.n_frames == 30 and film.size == (38, 38)
    film.seek(29)
    last = np.asarray(film.convert('RGB')).astype(int)[2:18, 20:36]
    assert np.abs(last - cells[0, 1]).mean() < 8  # of 256 colours


def test_a_class_to_begin_with(files, app, tmp_path):
    write_run(tmp_path / 'classes', FAMILIES['stylegan2_classes'])
    args = ['--distance', 'pixels', '--total-iters', 1, '--label']
    first, other = (app(files, *args, label, run=('classes', ))[0]
                    for label in (0, 1))
    assert not np.array_equal(first, other)


@pytest.mark.parametrize('w_plus', [(), ('--w-plus', )])
def test_the_way_goes_through_the_projected_images(
        w_plus, files, app, tmp_path, monkeypatch):
    *_, cells = app(files, '--distance', 'pixels', *w_plus)
    run_script(
        monkeypatch, 'apps/interpolate_sample.py', tmp_path / 'run',
        '--device', 'cpu', '--proj-latent', tmp_path / 'out/projected.npz',
        '--samples-path', tmp_path / 'way', '--interval', 4, '--show-mode',
        'group', '--batch-size', 1)
    frames = np.asarray(Image.open(tmp_path / 'way/interpolation.png'))
    ends = [frames[2:18, left:left + 16].astype(int) for left in (2, 56)]
    for end, image in zip(ends, cells[:, 1]):
        assert np.abs(end - image).max() <= 1


def test_the_settings_are_the_librarys(monkeypatch):
    """Said in the script too, so that --help answers at once."""
    monkeypatch.setattr(sys, 'argv', ['x', 'config.py', 'a.pth', 'a.png'])
    args = runpy.run_path(str(ROOT / 'apps/stylegan_projector.py'))[
        'parse_args']()
    assert {name: getattr(args, name) for name in asdict(ProjectionSettings())
            } == asdict(ProjectionSettings())
    assert args.files == ['a.png'] and args.checkpoint == 'a.pth'


def test_without_weights_it_says_what_works(
        files, app, tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path))
    with pytest.raises(SystemExit, match='vgg16.pt.*distance-cfg path=FILE'
                       '.*EfficientNetLite0 or pixels'):
        app(files)


def test_the_latents_of_one_picture_are_no_way(
        files, app, tmp_path, monkeypatch):
    app(files[:1], '--distance', 'pixels')
    with pytest.raises(SystemExit, match='1 endpoints'):
        run_script(
            monkeypatch, 'apps/interpolate_sample.py', tmp_path / 'run',
            '--device', 'cpu', '--proj-latent',
            tmp_path / 'out/projected.npz', '--samples-path', tmp_path)
