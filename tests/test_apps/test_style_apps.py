"""SeFa, style mixing and truncation: tables of pictures, and their formulas."""
import numpy as np
import pytest
import torch
from families import FAMILIES
from PIL import Image
from scripts import run_script
from tiny_checkpoints import write_run

from mmgen.apis import load
from mmgen.apis.directions import read_directions, style_directions


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Run an app; its pictures as a table ``[rows, columns, H, W, 3]``."""

    def call(name, family, *args, side=16):
        folder = write_run(tmp_path / 'run', FAMILIES[family])
        run_script(monkeypatch, f'apps/{name}.py', folder, *args, '--device',
                   'cpu', '--num-batches', 1, '--save-path',
                   tmp_path / 'out/a.png')
        pixels = np.asarray(Image.open(tmp_path / 'out/a.png'))[2:, 2:]
        rows, columns = (n // (side + 2) for n in pixels.shape[:2])
        table = pixels.reshape(rows, side + 2, columns, side + 2, 3)
        return table.swapaxes(1, 2)[:, :, :side, :side].astype(int)

    return call


class Modulated(torch.nn.Module):
    """Two layers whose style has known strengths along two axes."""

    noise_size, num_classes = 3, 0

    def __init__(self):
        super().__init__()
        for name, strengths in (('a', [1.0, 5.0, 0.0]), ('b', [2.0, 0, 0])):
            layer = torch.nn.ModuleDict(dict(affine=torch.nn.Linear(3, 3)))
            layer.affine.weight.data = torch.diag(torch.tensor(strengths))
            setattr(self, name, layer)

    def map_noise(self, z):
        return z


def test_directions_are_those_of_the_largest_change():
    directions = style_directions(Modulated())
    torch.testing.assert_close(
        directions.abs(), torch.eye(3)[[1, 0, 2]], atol=1e-5, rtol=0)


def test_without_styles_there_are_no_directions():
    with pytest.raises(ValueError, match='Linear has no styles. Give a'):
        style_directions(torch.nn.Linear(2, 2))
    network = Modulated()
    del network.a, network.b
    network.c = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match='no layers that a style modulates'):
        style_directions(network)


@pytest.mark.parametrize('family', [
    'stylegan2', 'stylegan2_classes', 'stylegan3'])
def test_sefa_starts_at_the_image_and_goes_both_ways(family, app, tmp_path):
    table = app('modified_sefa', family, '-i', 0, 1, '-d', -9, 0, 9,
                '--num-samples', 2)
    assert table.shape[:2] == (4, 3)  # two images by two directions
    sampler = load(tmp_path / 'run', device='cpu')
    classes = sampler.labels(None, 2, 2021)
    images = np.concatenate(list(sampler.render(
        sampler.noise(2, 2021), classes, seed=2021)))
    assert np.array_equal(table[[0, 2], 1], images)
    assert np.array_equal(table[0, 1], table[1, 1])
    assert not np.array_equal(table[0, 0], table[0, 2])


def test_sefa_and_mixing_of_chosen_classes(app, tmp_path):
    table = app('modified_sefa', 'stylegan2_classes', '-d', 0,
                '--num-samples', 2, '--label', 2, 1)
    mixed = app('style_mixing', 'stylegan2_classes', '--num-samples', 1,
                '--num-columns', 2, '--label', 1, 2, 0)
    sampler = load(tmp_path / 'run', device='cpu')

    def images(labels):
        count = len(labels)
        return np.concatenate(list(sampler.render(
            sampler.noise(count, 2021), sampler.labels(labels, count),
            seed=2021)))

    assert np.array_equal(table[:, 0], images([2, 1]))
    own = np.stack([mixed[1, 0], *mixed[0, 1:]])
    assert np.array_equal(own, images([1, 2, 0]))


def test_sefa_with_directions_of_a_file(app, tmp_path):
    columns = torch.eye(8)[:, [3, 5]]  # two directions, one in each column
    torch.save(dict(eigvec=columns, ckpt='x.pt'), tmp_path / 'factor.pt')
    table = app('modified_sefa', 'stylegan2', '-i', 1, '-d', 0, 4,
                '--num-samples', 1, '--eigen-vector', tmp_path / 'factor.pt')
    sampler = load(tmp_path / 'run', device='cpu')
    w = sampler.styles(sampler.noise(1, 2021))
    moved = next(sampler.render(
        w + 4 * torch.eye(8)[5], seed=2021, input_is_latent=True))
    assert np.array_equal(table[0, 1], moved[0])


@pytest.mark.parametrize('content, words', [
    (dict(eigvec=torch.zeros(4, 4)), r'has \[4, 4\], expected eigvec \[8, K'),
    (dict(other=torch.zeros(1)), 'has only other, expected eigvec')])
def test_directions_of_other_files_are_refused(content, words, tmp_path):
    torch.save(content, tmp_path / 'a.pt')
    with pytest.raises(ValueError, match=words):
        read_directions(tmp_path / 'a.pt', 8)


def test_sefa_of_some_layers(app):
    alone = app('modified_sefa', 'stylegan2', '-d', 9, '-l', 0)
    every = app('modified_sefa', 'stylegan2', '-d', 9)
    assert not np.array_equal(alone, every)


@pytest.mark.parametrize('index', [0, None, 6])
def test_mixed_images_are_between_their_row_and_their_column(index, app):
    given = [] if index is None else ['--inject-index', index]
    table = app('style_mixing', 'stylegan2', '--num-samples', 2,
                '--num-columns', 3, *given)
    assert table.shape[:2] == (3, 4) and not table[0, 0].any()
    for row in (1, 2):
        for column in (1, 2, 3):
            of_row, of_column = (
                np.array_equal(table[row, column], end)
                for end in (table[row, 0], table[0, column]))
            assert (of_row, of_column) == (index == 6, index == 0)


def test_each_column_has_its_truncation(app, tmp_path):
    table = app('truncation_sweep', 'biggan', '--truncation', 0.3, 1.0,
                '--label', 1, '--num-samples', 2, side=32)
    sampler = load(tmp_path / 'run', device='cpu')
    for column, value in enumerate((0.3, 1.0)):
        assert np.array_equal(table[:, column],
                              sampler.sample(2, 2021, 1, value))
