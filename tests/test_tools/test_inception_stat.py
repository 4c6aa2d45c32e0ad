"""Statistics made ahead of time are those that FID would compute."""
import os
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image
from tiny_evaluation import TinyGAN, fid, loader
from tiny_features import TinyFeatures

from mmgen.evaluation import GenEvaluator

TOOL = Path(__file__).resolve().parents[2] / 'tools/utils/inception_stat.py'
IMAGES = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3), np.uint8)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.setattr(DefaultScope, '_instance_dict', {})


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'images'
    root.mkdir()
    for index, image in enumerate(IMAGES):
        Image.fromarray(image).save(root / f'{index}.png')
    return root


def run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [
        'inception_stat.py', '--feature', 'TinyFeatures', '--num-workers',
        '0', *map(os.fspath, args)])
    runpy.run_path(str(TOOL), run_name='__main__')


def features(images):
    return TinyFeatures()(torch.from_numpy(np.stack(images)).permute(
        0, 3, 1, 2)).double().numpy()


def check(path, images):
    """The file holds the mean and covariance of these images' features."""
    expected = features(images)
    with np.load(path) as content:
        assert content['count'] == len(images)
        np.testing.assert_allclose(
            content['mean'], expected.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(
            content['cov'], np.cov(expected, rowvar=False), atol=1e-8)


def test_of_a_folder(folder, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'made' / 'real.npz'
    run(monkeypatch, '--images', folder, '--size', '8', out)
    check(out, IMAGES)
    assert '8 features (Tiny) of 7 images' in capsys.readouterr().out


def test_of_a_part_evenly_spaced(folder, tmp_path, monkeypatch):
    run(monkeypatch, '--images', folder, '--size', '8', '--num-images', '3',
        tmp_path / 'real.npz')
    check(tmp_path / 'real.npz', IMAGES[[0, 2, 4]])


def test_fid_reads_what_it_would_compute(folder, tmp_path, monkeypatch):
    out = tmp_path / 'real.npz'
    run(monkeypatch, '--images', folder, '--size', '8', out)
    evaluator = GenEvaluator(fid(inception_pkl=str(out)))
    evaluator.prepare(TinyGAN(), loader())
    metric, = evaluator.metrics
    expected = features(IMAGES)
    np.testing.assert_allclose(metric.reference.mean, expected.mean(axis=0))
    assert metric.reference.count == 7


def test_statistics_of_another_network_are_refused(
        folder, tmp_path, monkeypatch):
    out = tmp_path / 'real.npz'
    run(monkeypatch, '--images', folder, '--size', '8', out)
    other = TinyFeatures()
    other.identity = lambda: dict(feature='Tiny', weights='seed 1')
    evaluator = GenEvaluator(fid(inception_pkl=str(out), feature=other))
    with pytest.raises(ValueError, match='made with another feature network: '
                       'got .*seed 0.*, expected .*seed 1'):
        evaluator.prepare(TinyGAN(), loader())


def test_another_size_is_refused_unless_told_to_resize(
        folder, tmp_path, monkeypatch):
    out = tmp_path / 'real.npz'
    with pytest.raises(SystemExit, match=r'0.png: 8x8 pixels, expected 4x4 '
                       r'\(as --size says\)'):
        run(monkeypatch, '--images', folder, '--size', '4', out)
    assert not out.exists()
    run(monkeypatch, '--images', folder, '--size', '4', '--resize', out)
    check(out, [np.asarray(Image.fromarray(image).resize(
        (4, 4), Image.Resampling.BICUBIC)) for image in IMAGES])


def write_config(path, folder, **settings):
    pipeline = [
        dict(type='LoadImageFromFile', key='img'),
        dict(type='Resize', scale=4, backend='pillow'),
        dict(type='PackGenInputs', keys=['img'])]
    config = dict(
        model=dict(type='DCGAN'),
        val_dataloader=dict(
            batch_size=2,
            num_workers=2,
            persistent_workers=True,
            dataset=dict(type='UnconditionalImageDataset',
                         data_root=str(folder), pipeline=pipeline),
            sampler=dict(type='DefaultSampler', shuffle=True)))
    Config({**config, **settings}).dump(path)
    return path


def test_of_the_images_of_a_config(folder, tmp_path, monkeypatch):
    config = write_config(tmp_path / 'config.py', folder)
    out = tmp_path / 'real.npz'
    run(monkeypatch, '--config', config, out)
    # In the files' RGB, though the pipeline reads BGR.
    check(out, [np.asarray(Image.fromarray(image).resize(
        (4, 4), Image.Resampling.BILINEAR)) for image in IMAGES])


def test_a_config_without_real_images_is_refused(
        folder, tmp_path, monkeypatch):
    config = write_config(tmp_path / 'config.py', folder, val_dataloader=None)
    with pytest.raises(SystemExit, match='has no val_dataloader'):
        run(monkeypatch, '--config', config, tmp_path / 'real.npz')


@pytest.mark.parametrize('args, words', [
    (['--images', 'x', 'a.npz'], '--images needs --size'),
    (['--config', 'x', '--resize', 'a.npz'], 'go with --images'),
    (['--images', 'x', '--size', '8', 'a.pkl'], 'ends in .npz'),
    (['--images', 'x', '--size', '8', '--clean', 'a.npz'], 'without --feature'),
    (['a.npz'], 'one of the arguments --images --config is required'),
])
def test_wrong_arguments_are_refused(args, words, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, *args)
    assert words in capsys.readouterr().err
