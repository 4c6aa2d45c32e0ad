"""Sampling by class: labels, truncation, metrics and pictures."""
import copy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from families import FAMILIES
from mmengine.config import Config
from tiny_evaluation import fid, loader
from tiny_runs import in_children, tiny_config, write_images
from torch import nn

from mmgen.engine.runner import build_runner
from mmgen.evaluation import GenEvaluator
from mmgen.models.layers import NoiseGenerator
from mmgen.registry import MODELS
from mmgen.utils.randomness import seed_everything

LABELS = [2, 0, 1, 2]
NOISE = torch.randn(4, 16, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def model():
    """A BigGAN of three classes, with other weights in the average.

    The classes' embeddings are made large: at the start they hardly matter.
    """
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(FAMILIES['biggan_ajbrock']))
    model.generator.shared_embedding.weight.data.normal_()
    model.generator_ema.module.shared_embedding.weight.data.normal_()
    return model.eval()


def images_of(samples):
    return torch.stack([sample.fake_img.data for sample in samples])


def classes_of(samples):
    return [sample.gt_label.label.item() for sample in samples]


FORMS = [
    (2, [2, 2, 2, 2]),
    (np.int64(2), [2, 2, 2, 2]),
    (torch.tensor(2), [2, 2, 2, 2]),
    (LABELS, LABELS),
    (tuple(LABELS), LABELS),
    (torch.tensor(LABELS), LABELS),
    (torch.tensor(LABELS, dtype=torch.int32), LABELS),
    (lambda count: torch.tensor(LABELS)[:count], LABELS),
]


@pytest.mark.parametrize('label, expected', FORMS)
@pytest.mark.parametrize('inputs', [
    dict(noise=NOISE), dict(noise=lambda shape: NOISE, num_batches=4)])
def test_label_forms(model, label, expected, inputs):
    with torch.no_grad():
        wanted = model.generator(NOISE, torch.tensor(expected))
        direct = model.generator(**inputs, label=label)
    assert torch.equal(direct, wanted)
    inputs = dict(inputs, labels=label, sample_model='orig')
    for samples in (model(inputs), model.test_step(dict(inputs=inputs)),
                    model.val_step(dict(inputs=inputs))):
        assert torch.equal(images_of(samples), wanted)
        assert classes_of(samples) == expected
    assert torch.equal(model.label_fn(label, 4), torch.tensor(expected))


def test_the_class_changes_the_image_of_a_noise(model):
    first, second = (
        images_of(model(dict(noise=NOISE, labels=label))) for label in (0, 1))
    assert (first - second).abs().mean() > 0.01


@pytest.mark.parametrize('inputs', [dict(), dict(labels=None)])
def test_without_a_label_classes_are_drawn_evenly(model, inputs):
    samples = model(dict(num_batches=120, **inputs))
    counts = np.bincount(classes_of(samples), minlength=3)
    assert counts.sum() == 120 and counts.min() > 20
    # The images are of the classes that the samples name.
    noise = torch.stack([sample.noise for sample in samples])
    again = model(dict(noise=noise, labels=classes_of(samples)))
    assert torch.equal(images_of(samples), images_of(again))


def test_one_label_and_as_many_noises_as_asked_for(model):
    samples = model.test_step(dict(inputs=dict(num_batches=3, labels=1)))
    assert classes_of(samples) == [1, 1, 1]
    assert len(images_of(samples).flatten(1).unique(dim=0)) == 3


def test_average_and_original_get_the_same_noise_and_class(model):
    samples = model(dict(noise=NOISE, labels=LABELS, sample_model='ema/orig'))
    assert classes_of(samples) == LABELS
    for name in ('ema', 'orig'):
        alone = model(dict(noise=NOISE, labels=LABELS, sample_model=name))
        assert torch.equal(images_of(samples_of(samples, name)),
                           images_of(alone))


def samples_of(samples, name):
    return [getattr(sample, name) for sample in samples]


@pytest.mark.parametrize('inputs, words', [
    (dict(num_batches=2, labels=3),
     r'label 3 is out of range, expected 0 to 2'),
    (dict(num_batches=2, labels=[0, 1, 2]),
     r'label has shape \[3\], expected \[2\]'),
    (dict(labels=1), 'num_batches=0, but noise is no tensor'),
    (dict(num_batches=2, label=1), 'BigGAN: the inputs have label, expected '
     'labels'),
])
def test_nonsense_is_refused(model, inputs, words):
    with pytest.raises(ValueError, match=words):
        model(inputs)


# --------------------------------------------------------------- truncation


@pytest.mark.parametrize('sample_model', ['ema', 'orig'])
def test_truncation_cuts_the_noise_off(model, sample_model):
    inputs = dict(labels=LABELS, sample_model=sample_model)
    cut = model(dict(inputs, noise=NOISE,
                     sample_kwargs=dict(truncation=0.4)))
    clamped = model(dict(inputs, noise=NOISE.clamp(-0.4, 0.4)))
    whole = model(dict(inputs, noise=NOISE))
    assert torch.equal(images_of(cut), images_of(clamped))
    assert not torch.equal(images_of(cut), images_of(whole))
    assert cut[0].sample_kwargs == dict(truncation=0.4)
    assert torch.equal(cut[0].noise, NOISE[0])


def evaluate(model, **settings):
    """FID of six images, and what the generator was asked and made."""
    made = []
    handle = model.generator.register_forward_hook(
        lambda net, args, kwargs, out: made.append((args, kwargs, out)),
        with_kwargs=True)
    evaluator, loading = GenEvaluator(fid(fake_nums=6, **settings)), loader()
    with torch.no_grad():
        evaluator.prepare(model, loading)
        for group in evaluator.groups(loading):
            for batch in group.batches:
                seed_everything(group.request.seed, batch.index)
                evaluator.process(
                    group, batch, model.test_step(batch.data), model)
    handle.remove()
    return evaluator.evaluate()['FID-Tiny/fid'], made


def test_truncation_reaches_the_images_of_a_metric(model):
    whole, plain = evaluate(model, sample_model='orig')
    value, cut = evaluate(
        model, sample_model='orig', sample_kwargs=dict(truncation=0.1))
    assert value != whole
    assert [len(out) for _, _, out in cut] == [4, 2]
    for (before, _, _), ((noise, label), kwargs, out) in zip(plain, cut):
        assert torch.equal(noise, before[0])  # the same draws
        assert torch.equal(label, before[1])
        assert kwargs == dict(truncation=0.1)
        with torch.no_grad():
            expected = model.generator(noise.clamp(-0.1, 0.1), label)
        assert torch.equal(out, expected)


# ----------------------------------------------------------------- pictures


class PaintsItsClass(NoiseGenerator):
    """Class 0 is black, the last one white; truncation adds some blue."""

    noise_size = 8

    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.unused = nn.Parameter(torch.zeros(()))

    def forward(self, z, label, truncation=0.):
        value = 2 * label / (self.num_classes - 1) - 1
        images = value.view(-1, 1, 1, 1).repeat(1, 3, 32, 32)
        images[:, 0] += truncation  # BGR
        return images + 0 * self.unused


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Name to picture, RGB, of one iteration with these pictures."""
    monkeypatch.setitem(MODELS.module_dict, 'PaintsItsClass', PaintsItsClass)

    def train(*entries):
        cfg = tiny_config(write_images(tmp_path / 'images'), tmp_path / 'run',
                          'biggan', max_iters=1)
        cfg['model']['generator'] = dict(type='PaintsItsClass')
        cfg['custom_hooks'] = [
            dict(
                type='GenVisualizationHook',
                interval=1,
                n_samples=6,
                n_row=2,
                vis_kwargs_list=list(entries))
        ]
        for name in ('val_dataloader', 'val_cfg', 'val_evaluator'):
            cfg[name] = None
        cfg['train_cfg'] = dict(by_epoch=False, max_iters=1)
        cfg['optim_wrapper']['discriminator'].pop('accumulative_counts')
        assert in_children(lambda: build_runner(Config(cfg)).train()) == [0]
        found = Path(tmp_path / 'run').rglob('vis_image/*.png')
        return {path.stem: cv2.imread(str(path))[..., ::-1] for path in found}

    return train


def cells(picture, rows, columns):
    """The colours of a grid's cells, each of one colour, ``[rows][columns]``."""
    found = []
    for row in range(rows):
        found.append([])
        for column in range(columns):
            top, left = 2 + 34 * row, 2 + 34 * column
            cell = picture[top:top + 32, left:left + 32].reshape(-1, 3)
            colour, = np.unique(cell, axis=0).tolist()
            found[-1].append(tuple(colour))
    assert picture.shape == (34 * rows + 2, 34 * columns + 2, 3)
    return found


BLACK, GREY, WHITE = (0, 0, 0), (128, 128, 128), (255, 255, 255)


def test_the_rows_of_a_picture_are_the_classes(pictures):
    found = pictures(
        dict(type='Noise', name='rows'),
        dict(type='GAN', name='both', sample_model='ema/orig',
             target_keys=['ema', 'orig']),
        dict(type='Noise', name='chosen', labels=[2, 1, 0, 0, 1, 2]),
        dict(type='Noise', name='cut', sample_kwargs=dict(truncation=0.5)))
    assert cells(found['rows_1'], 3, 2) == [
        [BLACK] * 2, [GREY] * 2, [WHITE] * 2]
    assert cells(found['both_1'], 3, 4) == [
        [BLACK] * 4, [GREY] * 4, [WHITE] * 4]
    assert cells(found['chosen_1'], 3, 2) == [
        [WHITE, GREY], [BLACK, BLACK], [GREY, WHITE]]
    assert cells(found['cut_1'], 3, 2)[0] == [(0, 0, 64)] * 2
