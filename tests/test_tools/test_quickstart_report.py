import copy
import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from families import FAMILIES, RESOLUTION
from mmengine.config import Config
from tiny_translation import (SIDE, TRANSLATIONS, translation_config,
                              write_domains)

from mmgen.registry import MODELS

TOOL = Path(__file__).resolve().parents[2] / 'tools/misc/quickstart_report.py'
METRIC = 'FID-EffLite0/fid'


def run_of(family, work_dir):
    """What a finished run leaves."""
    if family in TRANSLATIONS:
        data_root = write_domains(work_dir / 'data')
        cfg = translation_config(data_root, work_dir, family)
    else:
        cfg = dict(model=copy.deepcopy(FAMILIES[family]))
    Config(cfg).dump(work_dir / 'tiny.py')
    torch.manual_seed(0)
    state = MODELS.build(copy.deepcopy(cfg['model'])).state_dict()
    torch.save(dict(meta={}, state_dict=state), work_dir / 'iter_20.pth')
    log = work_dir / '20260101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    lines = [{METRIC: 300.0, 'step': 0}, {'loss': 1.0, 'step': 10},
             {METRIC: 75.0, 'step': 20}]
    log.write_text(''.join(json.dumps(line) + '\n' for line in lines))


@pytest.fixture
def report(tmp_path, monkeypatch, capsys):

    def report(*args):
        monkeypatch.setattr(
            sys, 'argv', ['quickstart_report.py', str(tmp_path), *args])
        runpy.run_path(str(TOOL), run_name='__main__')
        return capsys.readouterr().out

    return report


@pytest.mark.parametrize('family, rows', [('biggan', 3), ('dcgan', 10)])
def test_writes_samples_and_curve(report, tmp_path, family, rows):
    run_of(family, tmp_path)
    said = report()
    assert ('300.00 at iteration 0, 75.00 at iteration 20 (0.25 of it)'
            in said)
    samples = cv2.imread(str(tmp_path / 'samples.png'))
    cell = RESOLUTION[family] + 2
    assert samples.shape == (2 * (rows * cell + 2), 2 * (10 * cell + 2), 3)
    assert samples.std() > 0
    curve = cv2.imread(str(tmp_path / 'metric.png'))
    assert curve.shape[1] > 400 and curve.std() > 0


@pytest.mark.parametrize('family, images', [('pix2pix', 3), ('cyclegan', 2)])
def test_translations_stand_beside_their_sources(report, tmp_path, family,
                                                 images):
    run_of(family, tmp_path)
    report()
    samples = cv2.imread(str(tmp_path / 'samples.png'))[::2, ::2]
    cell = SIDE + 2
    # Nine validation images, four in each row.
    assert samples.shape == (3 * cell + 2, 4 * images * cell + 2, 3)
    folder = 'test' if family == 'pix2pix' else 'testB'
    source = cv2.imread(str(tmp_path / 'data' / folder / '0.png'))[:, -SIDE:]
    shown = samples[2:cell, 2:cell]
    assert np.array_equal(shown, source) or np.array_equal(
        shown, source[:, ::-1])  # the pipeline flips


def test_a_run_without_the_metric_has_samples_only(report, tmp_path):
    run_of('dcgan', tmp_path)
    log = tmp_path / '20260101_000000/vis_data/scalars.json'
    log.write_text('{"loss": 1.0, "step": 10}\n')
    said = report()
    assert 'samples.png' in said and 'curve' not in said
    assert not (tmp_path / 'metric.png').exists()


def test_same_seed_same_samples(report, tmp_path):
    run_of('biggan', tmp_path)
    pictures = []
    for seed in ('0', '0', '1'):
        report('--seed', seed)
        pictures.append(cv2.imread(str(tmp_path / 'samples.png')))
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_says_what_is_missing(report, tmp_path):
    with pytest.raises(SystemExit, match='is it the work directory'):
        report()
    run_of('dcgan', tmp_path)
    with pytest.raises(SystemExit, match='has no value of "KID/kid"'):
        report('--metric', 'KID/kid')
    (tmp_path / 'iter_20.pth').unlink()
    with pytest.raises(SystemExit, match='has no checkpoint'):
        report()
