"""The demos write the pictures that the library makes."""
import numpy as np
import pytest
from families import FAMILIES
from PIL import Image
from scripts import run_script
from tiny_checkpoints import write_run
from tiny_diffusion import DIFFUSION
from tiny_translation import TRANSLATIONS

from mmgen.apis import load
from mmgen.apis.pictures import side_by_side


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """Run a demo on a run's folder; the picture."""

    def call(name, model_cfg, *args, save='out/picture.png'):
        folder = write_run(tmp_path / 'run', model_cfg)
        path = tmp_path / save
        run_script(monkeypatch, f'demo/{name}.py', folder, *args,
                   '--device', 'cpu', '--save-path', path)
        return np.asarray(Image.open(path).convert('RGB'))

    return call


def test_unconditional(demo, tmp_path):
    picture = demo('unconditional_demo', FAMILIES['stylegan2'],
                   '--num-samples', 3, '--num-batches', 1, '--nrow', 2,
                   '--seed', 5, '--sample-cfg', 'truncation=0.5',
                   '--sample-model', 'orig')
    expected = load(tmp_path / 'run', device='cpu').sample(
        3, 5, truncation=0.5, sample_model='orig')
    assert np.array_equal(picture, side_by_side(expected, 2))


@pytest.mark.parametrize('args, labels', [
    (['--label', 2, '--num-samples', 2], [2, 2]),
    (['--label', 2, 0, '--samples-per-classes', 2], [2, 2, 0, 0]),
    (['--sample-all-classes', '--samples-per-classes', 1], [0, 1, 2]),
])
def test_conditional(args, labels, demo, tmp_path):
    picture = demo('conditional_demo', FAMILIES['biggan'], *args,
                   '--num-batches', 1)
    expected = load(tmp_path / 'run', device='cpu').sample(
        len(labels), 2021, labels)
    assert np.array_equal(picture, side_by_side(expected, 6))


def test_translation(demo, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'in.png')
    first, same, other = [
        demo('translation_demo', TRANSLATIONS['cyclegan'],
             tmp_path / 'in.png', *args)
        for args in ([], ['--target-domain', 'photo'],
                     ['--target-domain', 'mask'])]
    assert first.shape == (68, 68, 3)  # with a border of two pixels
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_diffusion(demo):
    picture, again, film = [
        demo('ddpm_demo', DIFFUSION, '--num-samples', 3, '--num-batches', 2,
             '--n-skip', 4, save=name)
        for name in ('a.png', 'b.png', 'c.gif')]
    assert picture.shape == (20, 56, 3)
    assert np.array_equal(picture, again)
    assert film.shape == picture.shape


def test_a_film_of_diffusion_stays_at_the_picture(demo, tmp_path):
    args = ['--num-samples', 2, '--num-batches', 2]
    picture = demo('ddpm_demo', DIFFUSION, *args)
    demo('ddpm_demo', DIFFUSION, *args, save='out/film.gif')
    film = Image.open(tmp_path / 'out/film.gif')
    steps = DIFFUSION['num_inference_steps']
    assert film.n_frames == steps + 1  # each step, as there are few
    film.seek(steps)
    assert film.info['duration'] == 1000
    last = np.asarray(film.convert('RGB')).astype(int)
    assert np.abs(last - picture).mean() < 8  # of 256 colours


def test_diffusion_of_the_same_noise(demo):
    picture = demo('ddpm_demo', DIFFUSION, '--num-samples', 3,
                   '--num-batches', 1, '--same-noise', '--sample-cfg',
                   'labels=1').astype(int)
    cells = [picture[2:18, left:left + 16] for left in (2, 20, 38)]
    assert all(np.array_equal(cells[0], cell) for cell in cells)
