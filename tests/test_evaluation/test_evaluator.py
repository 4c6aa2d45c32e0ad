import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.structures import BaseDataElement
from tiny_evaluation import (TinyClasses, TinyGAN, TinyImages, fid, loader,
                             run)
from tiny_features import TinyFeatures

from mmgen.evaluation import (FrechetInceptionDistance, GenEvaluator,
                              InceptionScore, build_evaluator,
                              frechet_distance)
from mmgen.utils.randomness import seed_everything, unchanged_random_state


def inception_score(network=None, **settings):
    return InceptionScore(**dict(dict(
        fake_nums=10, splits=2, resize=False,
        feature=network or TinyClasses()), **settings))


def test_images_are_generated_once_for_all_metrics_of_a_group():
    model = TinyGAN()
    evaluator = GenEvaluator([
        fid(fake_nums=10), fid(fake_nums=15, prefix='FID-Tiny-15'),
        inception_score(fake_nums=12),
        fid(sample_model='ema', prefix='FID-Tiny-ema', fake_nums=5)])
    run(evaluator, model)
    orig = [item for item in model.asked if item['sample_model'] == 'orig']
    ema = [item for item in model.asked if item['sample_model'] == 'ema']
    assert [item['num_batches'] for item in orig] == [4, 4, 4, 3]
    assert [item['num_batches'] for item in ema] == [4, 1]
    assert model.images_made == 20


@pytest.mark.parametrize('settings', [
    dict(sample_kwargs=dict(truncation=0.5)), dict(seed=1),
    dict(sample_model='ema')])
def test_other_images_make_another_group(settings):
    evaluator = GenEvaluator([fid(), fid(prefix='FID-Tiny-b', **settings)])
    assert len(evaluator.groups(loader())) == 2


def test_a_metric_takes_its_own_first_images():
    """Beside a greedier metric it reports what it reports alone."""
    alone = run(GenEvaluator(fid(fake_nums=8)))
    beside = run(GenEvaluator([fid(fake_nums=8),
                               fid(fake_nums=19, prefix='FID-Tiny-19')]))
    assert alone.items() <= beside.items()


def test_features_are_extracted_once_for_all_metrics():
    network = TinyClasses()
    evaluator = GenEvaluator([
        FrechetInceptionDistance(10, feature=network, prefix='FID-a'),
        FrechetInceptionDistance(12, feature=network, prefix='FID-b')])
    run(evaluator)
    # 21 real images make 6 batches, 12 generated ones make 3.
    assert network.calls == 6 + 3


def test_features_are_extracted_without_a_graph():
    modes = []

    class Notes(TinyFeatures):

        def __call__(self, images):
            modes.append(torch.is_inference_mode_enabled())
            return super().__call__(images)

    run(GenEvaluator(fid(feature=Notes())))
    assert modes and all(modes)


def test_equal_networks_are_held_once():
    evaluator = GenEvaluator([fid(), fid(prefix='FID-Tiny-b'),
                              inception_score()])
    first, second, third = (metric.network for metric in evaluator.metrics)
    assert first is second
    assert third is not first


def test_number_is_that_of_the_plain_formula():
    """Generate, extract, mean and covariance, distance: written out."""
    model, data = TinyGAN(), TinyImages()
    images = []
    with torch.no_grad(), unchanged_random_state():
        for index, size in enumerate([4, 4, 2]):
            seed_everything(0, index)
            images += [sample.fake_img.data for sample in model.test_step(
                dict(inputs=dict(num_batches=size, sample_model='orig')))]
    fake = TinyFeatures()(model.data_preprocessor.to_uint8_rgb(
        torch.stack(images))).double().numpy()
    real = TinyFeatures()(torch.from_numpy(data.images)).double().numpy()
    expected = frechet_distance(
        fake.mean(axis=0), np.cov(fake, rowvar=False),
        real.mean(axis=0), np.cov(real, rowvar=False))
    results = run(GenEvaluator(fid()))
    assert list(results) == ['FID-Tiny/fid', 'FID-Tiny/mean', 'FID-Tiny/cov']
    assert tuple(results.values()) == pytest.approx(expected, rel=1e-6)
    assert all(type(value) is float for value in results.values())


def test_evaluating_twice_gives_the_same():
    evaluator = GenEvaluator([fid(), inception_score()])
    assert run(evaluator) == run(evaluator)


def test_seed_and_batch_size_decide_on_the_images():
    plain = run(GenEvaluator(fid()))
    torch.manual_seed(99)
    assert run(GenEvaluator(fid())) == plain
    assert run(GenEvaluator(fid(seed=5))) != plain
    assert run(GenEvaluator(fid(), batch_size=5)) != plain


def test_random_state_is_untouched():
    torch.manual_seed(3)
    expected = torch.rand(2), np.random.get_state()[1].copy()
    torch.manual_seed(3)
    run(GenEvaluator([fid(), inception_score()]))
    assert (torch.rand(2) == expected[0]).all()
    assert (np.random.get_state()[1] == expected[1]).all()


def test_result_keys_are_known_before():
    evaluator = GenEvaluator([fid(), inception_score(prefix='IS-10')])
    assert evaluator.result_keys() == [
        'FID-Tiny/fid', 'FID-Tiny/mean', 'FID-Tiny/cov', 'IS-10/is',
        'IS-10/is_std']
    assert list(run(evaluator)) == evaluator.result_keys()


def test_twice_the_same_key_is_refused():
    with pytest.raises(ValueError, match='FID-Tiny/fid, .* would be reported '
                       'twice. Set a different prefix'):
        GenEvaluator([fid(), fid(fake_nums=20)])


class ForeignMetric(BaseMetric):

    def process(self, data_batch, data_samples):
        """Never called."""

    def compute_metrics(self, results):
        return {}


@pytest.mark.parametrize('metrics, error, words', [
    ([], ValueError, 'metrics is empty'),
    ([3], TypeError, 'int is not a GenMetric'),
    ([ForeignMetric()], TypeError, 'ForeignMetric is not a GenMetric'),
])
def test_other_metrics_are_refused(metrics, error, words):
    with pytest.raises(error, match=words):
        GenEvaluator(metrics)


def test_several_evaluators_become_one():
    joined = build_evaluator([
        dict(type='GenEvaluator', metrics=[fid()]),
        dict(metrics=dict(fid(prefix='FID-Tiny-b'))),
        fid(prefix='FID-Tiny-c')])
    assert [metric.prefix for metric in joined.metrics] == [
        'FID-Tiny', 'FID-Tiny-b', 'FID-Tiny-c']
    assert len(joined.groups(loader())) == 1
    single = GenEvaluator(fid())
    assert build_evaluator(single) is single
    assert build_evaluator([single]) is single
    assert build_evaluator(fid()).result_keys() == single.result_keys()


@pytest.mark.parametrize('config, error, words', [
    ('FID', TypeError, "got 'FID', expected a config"),
    (None, TypeError, 'got None, expected a config'),
    (dict(type='mmengine.Evaluator', metrics=[]), TypeError,
     'Evaluator cannot evaluate generated images'),
    ([dict(metrics=[fid()], batch_size=3), fid(prefix='FID-Tiny-b')],
     ValueError, r'different batch_size \((3, None|None, 3)\)'),
])
def test_other_evaluators_are_refused(config, error, words):
    with pytest.raises(error, match=words):
        build_evaluator(config)


def test_no_averaged_generator_is_noticed_before_the_work():
    model, data = TinyGAN(), TinyImages()
    model.with_ema_gen = False
    with pytest.raises(ValueError, match="sample_model='ema', but this TinyGAN"
                       ' has no averaged generator'):
        run(GenEvaluator(fid(sample_model='ema')), model, loader(data))
    assert not data.read


def test_nan_images_are_refused():
    model = TinyGAN()
    model.gain.data[0] = float('nan')
    with pytest.raises(ValueError, match='generated images hold NaN'):
        run(GenEvaluator(fid()), model)


class BothGenerators(TinyGAN):
    """Answers with the images of both, one inside the other."""

    def test_step(self, data):
        plain = super().test_step(
            dict(inputs=dict(data['inputs'], sample_model='orig')))
        averaged = [BaseDataElement(fake_img=BaseDataElement(
            data=sample.fake_img.data / 2)) for sample in plain]
        return [BaseDataElement(orig=a, ema=b)
                for a, b in zip(plain, averaged)]


@pytest.mark.parametrize('sample_model', ['orig', 'ema'])
def test_nested_answers_give_what_was_asked_for(sample_model):
    metric = fid(sample_model=sample_model)
    assert run(GenEvaluator(metric), BothGenerators()) \
        == run(GenEvaluator(metric))


def test_a_missing_image_names_the_key():
    with pytest.raises(ValueError, match="answered without 'fake_winter' of "
                       "sample_model='orig'"):
        run(GenEvaluator(fid(fake_key='fake_winter')))


def test_identity_says_everything():
    evaluator = GenEvaluator(
        [fid(sample_kwargs=dict(truncation=0.7)), inception_score()])
    run(evaluator)
    identities = evaluator.identities()
    assert set(identities) == set(evaluator.result_keys())
    found = identities['FID-Tiny/fid']
    assert found['fake'] == dict(
        images=10, sample_model='orig', sample_kwargs=dict(truncation=0.7),
        seed=0, fake_key='fake_img', batch_size=4)
    assert found['features'] == TinyFeatures().identity()
    assert found['reference']['images'] == 21
    assert found['reference']['selection'].startswith('evenly spaced')
    assert len(found['reference']['sha256']) == 64


def test_prepared_statistics_need_no_real_image(tmp_path):
    np.savez(tmp_path / 'real.npz', real_mean=np.zeros(8), real_cov=np.eye(8))
    data = TinyImages()
    evaluator = GenEvaluator(fid(inception_pkl=str(tmp_path / 'real.npz')))
    run(evaluator, loading=loader(data))
    assert not data.read
    reference = evaluator.identities()['FID-Tiny/fid']['reference']
    assert reference['images'] is None and len(reference['sha256']) == 64


def test_absent_prepared_statistics_are_computed(tmp_path):
    evaluator = GenEvaluator(fid(inception_pkl=str(tmp_path / 'nowhere.pkl')))
    assert run(evaluator) == run(GenEvaluator(fid()))


def test_importing_the_evaluation_stays_light():
    code = ('import sys, mmgen.evaluation; print([name for name in sys.modules'
            ' if name.split(".")[0] in ("scipy", "matplotlib", "torchvision")'
            ' or name.startswith("efficientnet")])')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True,
                          text=True, check=True)
    assert done.stdout.strip() == '[]'
