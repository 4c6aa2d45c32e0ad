import numpy as np
import pytest
import torch
from tiny_evaluation import (TinyClassImages, TinyConditionalGAN, TinyGAN,
                             TinyImages, loader, run)
from tiny_features import TinyFeatures

from mmgen.evaluation import GenEvaluator, frechet_distance
from mmgen.evaluation.samplers import FakeRequest, fake_batches
from mmgen.registry import METRICS


def intra(**settings):
    return METRICS.build(dict(dict(
        type='IntraFID', fake_nums=12, feature='TinyFeatures'), **settings))


def gaussian(images):
    features = TinyFeatures()(images).double().numpy()
    return features.mean(axis=0), np.cov(features, rowvar=False)


class Recorder(TinyConditionalGAN):
    """Keeps what it makes, with its class."""

    def __init__(self):
        super().__init__()
        self.made = []

    def test_step(self, data):
        samples = super().test_step(data)
        images = torch.stack([item.fake_img.data for item in samples])
        self.made += zip(data['inputs']['labels'],
                         self.data_preprocessor.to_uint8_rgb(images))
        return samples


def test_is_the_mean_of_the_classes_distances():
    model, data = Recorder(), TinyClassImages()
    metric = intra(classes=[0, 1], per_class=True)
    found = run(GenEvaluator(metric), model, loader(data))
    assert [label for label, _ in model.made] == [0, 1] * 6
    expected = []
    for label in (0, 1):
        fake = torch.stack([image for k, image in model.made if k == label])
        real = torch.from_numpy(data.images[label::2])
        expected.append(frechet_distance(*gaussian(fake), *gaussian(real))[0])
    assert found['IntraFID-Tiny/class_0'] == pytest.approx(expected[0])
    assert found['IntraFID-Tiny/class_1'] == pytest.approx(expected[1])
    assert found['IntraFID-Tiny/fid'] == pytest.approx(sum(expected) / 2)
    assert found['IntraFID-Tiny/worst'] == max(
        found['IntraFID-Tiny/class_0'], found['IntraFID-Tiny/class_1'])
    reference = metric.identity()['reference']
    assert reference['images'] == 21
    assert reference['classes'] == [0, 1]
    assert len(set(reference['sha256'])) == 2


def test_standard_error_is_that_of_independent_classes():
    model, data = Recorder(), TinyClassImages()
    metric = intra(fake_nums=46, classes=[0, 1], per_class=True,
                   standard_error=True)
    evaluator = GenEvaluator(metric)
    run(evaluator, model, loader(data))
    errors = []
    for label in (0, 1):
        fake = torch.stack([image for k, image in model.made if k == label])
        real = gaussian(torch.from_numpy(data.images[label::2]))
        groups = torch.arange(23) % 10  # of the images of a class
        left_out = [
            frechet_distance(*gaussian(fake[groups != group]), *real)[0]
            for group in range(10)]
        errors.append(3 * np.std(left_out))  # sqrt(9 / 10 * 10 * variance)
    assert evaluator.beside == {
        'IntraFID-Tiny/fid': dict(standard_error=pytest.approx(
            np.hypot(*errors) / 2)),
        'IntraFID-Tiny/class_0': dict(standard_error=pytest.approx(errors[0])),
        'IntraFID-Tiny/class_1': dict(standard_error=pytest.approx(errors[1]))}


def test_nothing_stands_beside_it_unasked():
    evaluator = GenEvaluator(intra())
    run(evaluator, TinyConditionalGAN(), loader(TinyClassImages()))
    assert evaluator.beside == {}


def test_sees_swapped_classes_where_fid_does_not():
    """The same images; only their classes are told apart or not."""
    def same_weights(kind):
        torch.manual_seed(0)
        return kind()

    class Swapped(TinyConditionalGAN):

        def test_step(self, data):
            inputs = data['inputs']
            labels = [1 - label for label in inputs['labels']]
            return super().test_step(dict(inputs=dict(inputs, labels=labels)))

    class FromModel(TinyClassImages):
        """Real images made by the right model."""

        def __init__(self):
            super().__init__(200)
            model = same_weights(TinyConditionalGAN)
            samples = model.test_step(dict(inputs=dict(
                num_batches=200, sample_model='orig',
                labels=[index % 2 for index in range(200)])))
            self.images = model.data_preprocessor.to_uint8_rgb(torch.stack(
                [item.fake_img.data for item in samples])).detach().numpy()

    numbers = [
        run(GenEvaluator(intra(fake_nums=200), batch_size=50), model,
            loader(FromModel()))['IntraFID-Tiny/fid']
        for model in map(same_weights, (TinyConditionalGAN, Swapped))]
    assert numbers[1] > 2 * numbers[0]


def test_all_classes_of_the_model_by_default():
    metric = intra()
    run(GenEvaluator(metric), TinyConditionalGAN(),
        loader(TinyClassImages()))
    assert metric.classes == [0, 1]


def test_labels_follow_the_place_of_an_image():
    request = FakeRequest('orig', {}, 0, labels=(4, 7, 9))
    batches = fake_batches(request, 8, 3)
    assert [batch.data['inputs']['labels'] for batch in batches] \
        == [[4, 7, 9], [4, 7, 9], [4, 7]]
    assert request.key != FakeRequest('orig', {}, 0).key


@pytest.mark.parametrize('settings, words', [
    (dict(classes=[]), r'classes=\[\], expected at least one'),
    (dict(classes=[1, 1]), 'each once'),
    (dict(classes=[0.5]), 'classes=0.5, expected a whole number'),
    (dict(per_class=True), 'per_class=True needs to know the classes'),
    (dict(prefix='IntraFID'), "starts with 'IntraFID-Tiny'"),
])
def test_refuses_with_the_right_words(settings, words):
    with pytest.raises(ValueError, match=words):
        intra(**settings)


@pytest.mark.parametrize('settings, words', [
    (dict(classes=[2]), 'has num_classes=2. Take classes from 0 to 1'),
    (dict(fake_nums=13), 'fake_nums=13 for 2 classes, expected as many'),
    (dict(fake_nums=2), 'fake_nums=2 for 2 classes, .* at least 2'),
    (dict(fake_nums=38, standard_error=True), 'of each, at least 20'),
])
def test_refuses_what_the_model_cannot_do(settings, words):
    with pytest.raises(ValueError, match=words):
        GenEvaluator(intra(**settings)).prepare(
            TinyConditionalGAN(), loader(TinyClassImages()))


def test_refuses_models_and_data_without_classes():
    with pytest.raises(TypeError, match='TinyGAN has no num_classes'):
        GenEvaluator(intra()).prepare(TinyGAN(), loader())
    with pytest.raises(ValueError, match='IntraFID: the images of the '
                       'val_dataloader have no gt_label'):
        GenEvaluator(intra()).prepare(TinyConditionalGAN(),
                                      loader(TinyImages()))
    with pytest.raises(ValueError, match='IntraFID: 1 of 3 images of the '
                       'val_dataloader, class 1, expected at least 2'):
        GenEvaluator(intra()).prepare(TinyConditionalGAN(),
                                      loader(TinyClassImages(3)))
