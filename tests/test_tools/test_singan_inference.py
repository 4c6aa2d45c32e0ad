"""Images of a tiny run, by the command line."""
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image
from tiny_runs import train
from tiny_singan import run_config, write_photo

TOOL = Path(__file__).resolve().parents[2] / 'tools/utils/singan_inference.py'


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """The folder of a run, its config beside it."""
    folder = tmp_path_factory.mktemp('run')
    cfg = run_config(write_photo(folder), folder)
    assert train(cfg, 1) == [0]
    cfg['model']['test_pkl_data'] = None
    Config(cfg).dump(folder / 'config.py')
    return folder


@pytest.fixture
def infer(run, tmp_path, monkeypatch):
    """Run the tool; the pictures that it wrote, by name."""

    def call(*args, checkpoint='iter_12.pth'):
        out = tmp_path / 'out'
        monkeypatch.setattr(
            sys, 'argv', ['singan_inference.py', str(run / 'config.py'),
                          str(run / checkpoint), '--samples-path', str(out),
                          *args])
        runpy.run_path(str(TOOL), run_name='__main__')
        return {path.stem: np.asarray(Image.open(path))
                for path in out.iterdir()}

    return call


def test_samples_follow_from_the_seed(infer):
    pictures = infer('--num-samples', '3', '--seed', '5')
    assert sorted(pictures) == ['sample_000', 'sample_001', 'sample_002']
    assert all(p.shape == (20, 27, 3) for p in pictures.values())
    again = infer('--num-samples', '3', '--seed', '5')
    assert all(np.array_equal(pictures[name], again[name])
               for name in pictures)


def test_images_of_all_scales_in_another_size(infer):
    pictures = infer('--num-samples', '1', '--save-prev-res', '--size', '40',
                     '27')
    assert {name: p.shape[:2] for name, p in pictures.items()} == dict(
        sample_000=(40, 27), sample_000_scale0=(24, 16),
        sample_000_scale1=(30, 21))


def test_the_scales_of_a_half_trained_pyramid(infer, run):
    shapes = [infer('--num-samples', '1', *args, checkpoint='iter_6.pth')
              ['sample_000'].shape[:2]
              for args in ([], ['--curr-scale', '0'])]
    assert shapes == [(15, 21), (12, 16)]


def test_reconstruction_with_the_noises_of_a_pickle(infer, run):
    pictures = infer('--recon', '--pkl-data', str(run / 'pickle/iter_12.pkl'))
    assert list(pictures) == ['recon']


def test_no_samples_are_refused(infer):
    with pytest.raises(SystemExit, match='--num-samples 0, expected'):
        infer('--num-samples', '0')
