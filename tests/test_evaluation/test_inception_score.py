import numpy as np
import pytest
import torch
from PIL import Image
from tiny_evaluation import TinyClasses

from mmgen.evaluation import InceptionScore, inception_score
from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.metrics.inception_score import (InputResize,
                                                      PredictionSums)
from mmgen.registry import METRICS


def score(probabilities, splits, batch_size=7):
    sums = PredictionSums(len(probabilities), splits)
    for start in range(0, len(probabilities), batch_size):
        sums.update(probabilities[start:start + batch_size], start)
    return inception_score(sums.gather())


def plain_score(probabilities, splits):
    """Salimans et al. 2016, by its definition."""
    scores = []
    for part in range(splits):
        total = len(probabilities)
        p = probabilities[part * total // splits:
                          (part + 1) * total // splits].double().numpy()
        kl = (p * (np.log(p) - np.log(p.mean(axis=0)))).sum(axis=1)
        scores.append(np.exp(kl.mean()))
    return np.mean(scores), np.std(scores)


@pytest.mark.parametrize('classes', [2, 10, 1008])
def test_one_hot_predictions_score_the_number_of_classes(classes):
    predictions = torch.eye(classes).repeat(3, 1)
    assert score(predictions, 1) == pytest.approx((classes, 0))


def test_equal_predictions_score_one():
    predictions = torch.rand(1, 10).softmax(dim=1).repeat(20, 1)
    assert score(predictions, 4) == pytest.approx((1, 0))


@pytest.mark.parametrize('total, splits', [(100, 10), (101, 10), (23, 5),
                                           (7, 7)])
def test_equals_the_definition(total, splits):
    predictions = (2 * torch.randn(total, 10)).softmax(dim=1)
    assert score(predictions, splits) == pytest.approx(
        plain_score(predictions, splits))


@pytest.mark.parametrize('splits, expected', [
    (10, (2.2928905, 0.34285367)), (5, (2.4893596, 0.15068671)),
    (1, (2.6184335, 0.0))])
def test_recorded_numbers_of_random_logits(splits, expected):
    """Values recorded from the 1.x formula."""
    rng = np.random.Generator(np.random.PCG64(3))
    logits = torch.from_numpy(rng.standard_normal((100, 10)).astype('f4'))
    assert score((2 * logits).softmax(dim=1), splits) == pytest.approx(
        expected, rel=1e-5)


@pytest.mark.parametrize('name', ['IS', 'InceptionScore'])
def test_names_of_1x_build(name):
    metric = METRICS.build(dict(type=name))
    assert metric.fake_nums == 50000
    assert metric.result_keys() == ['IS/is', 'IS/is_std']


@pytest.mark.parametrize('setting, words', [
    (dict(fake_nums=5), 'fake_nums=5 images for splits=10 parts'),
    (dict(splits=0), 'splits=0, expected a whole number of at least 1'),
    (dict(resize_method='lanczos'), "resize_method='lanczos', expected"),
    (dict(feature='EfficientNetLite0'), "feature='EffLite0', but the score"),
    (dict(feature='TinyFeatures'), "feature='Tiny', but the score"),
])
def test_refuses_with_the_right_words(setting, words):
    with pytest.raises(ValueError, match=words):
        InceptionScore(**setting)


def test_pillow_resize_is_pillows():
    images = torch.randint(0, 256, (2, 3, 20, 30), dtype=torch.uint8)
    resized = InputResize('bicubic', pillow=True)(images)
    picture = Image.fromarray(images[1].permute(1, 2, 0).numpy())
    expected = picture.resize((299, 299), Image.Resampling.BICUBIC)
    assert resized.shape == (2, 3, 299, 299)
    assert (resized[1].permute(1, 2, 0).numpy() == np.asarray(expected)).all()


@pytest.mark.parametrize('method', ['nearest', 'bilinear', 'bicubic'])
@pytest.mark.parametrize('pillow', [True, False])
def test_resize_keeps_a_flat_image(method, pillow):
    images = torch.full((1, 3, 16, 16), 255, dtype=torch.uint8)
    assert (InputResize(method, pillow)(images) == 255).all()


def test_resize_is_part_of_the_identity():
    cards = [InceptionScore(feature=TinyClasses(), **setting).identity()
             for setting in (dict(), dict(resize=False),
                             dict(resize_method='bilinear'),
                             dict(use_pillow_resize=False), dict(splits=5))]
    assert len({str(card) for card in cards}) == len(cards)


def test_metric_counts_its_images():
    metric = InceptionScore(10, splits=2, resize=False, feature=TinyClasses())
    metric.start(torch.device('cpu'))
    images = torch.randint(0, 256, (12, 3, 8, 8), dtype=torch.uint8)
    metric.add(ImageBatch(images[:8], start=0))
    with pytest.raises(RuntimeError, match='saw 8 generated images, expected '
                       'fake_nums=10'):
        metric.gather()
    metric.add(ImageBatch(images[8:], start=8))
    metric.gather()
    expected = plain_score(metric.network.class_probabilities(images[:10]), 2)
    assert tuple(metric.compute().values()) == pytest.approx(expected)


class BrokenClasses(TinyClasses):

    def class_probabilities(self, images):
        return super().class_probabilities(images) * float('nan')


def test_nan_probabilities_are_refused():
    metric = InceptionScore(4, splits=1, resize=False,
                            feature=BrokenClasses())
    metric.start(torch.device('cpu'))
    with pytest.raises(ValueError, match='4 of 4 feature vectors hold NaN'):
        metric.add(ImageBatch(torch.zeros(4, 3, 8, 8, dtype=torch.uint8)))


@pytest.mark.parametrize('count', [0, 1])
def test_no_image_and_one_image_are_refused(count):
    with pytest.raises(ValueError, match=f'fake_nums={count}, expected a '
                       'whole number of at least 2'):
        InceptionScore(count, splits=1, feature=TinyClasses())


def test_equal_images_score_one_and_sizes_do_not_matter():
    for side in (8, 30):
        metric = InceptionScore(6, splits=2, feature=TinyClasses())
        metric.start(torch.device('cpu'))
        metric.add(ImageBatch(
            torch.full((6, 3, side, side), 90, dtype=torch.uint8)))
        metric.gather()
        assert metric.compute() == pytest.approx(dict(is_std=0, **{'is': 1}))
