"""TransFID and TransIS: which images they look at."""
import numpy as np
import pytest
import torch
from tiny_evaluation import TinyClasses, TinyGAN, loader
from tiny_features import TinyFeatures
from tiny_translation import build
from torch.utils.data import Dataset

from mmgen.evaluation import GenEvaluator, TransFID, TransIS
from mmgen.evaluation import samplers
from mmgen.evaluation.metrics import frechet_distance
from mmgen.registry import METRICS
from mmgen.utils.randomness import seed_everything

SIZE = 11


class TinyPairs(Dataset):
    """Random pairs in memory."""

    def __init__(self, size: int = SIZE) -> None:
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (size, 2, 3, 64, 64), np.uint8)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict:
        photo, mask = torch.from_numpy(self.images[index])
        return dict(inputs=dict(img_photo=photo, img_mask=mask))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))


def fid(**kwargs):
    return TransFID(**dict(dict(fake_nums=SIZE, feature='TinyFeatures'),
                           **kwargs))


@torch.no_grad()
def evaluate(metrics, model, data=None):
    """The results, and what the model was given."""
    evaluator = GenEvaluator(metrics)
    loading = loader(TinyPairs() if data is None else data)
    evaluator.prepare(model, loading)
    given = []
    for group in evaluator.groups(loading):
        for batch in evaluator.batches_of(group, loading):
            seed_everything(group.request.seed, batch.index)
            given.append(batch.data['inputs'])
            evaluator.process(group, batch, model.test_step(batch.data), model)
    return evaluator.evaluate(), given, evaluator


def gaussian(images):
    features = TinyFeatures()(images).double().numpy()
    return features.mean(0), np.cov(features, rowvar=False)


def pixels(model, images):
    return model.data_preprocessor.to_uint8_rgb(images)


@pytest.mark.parametrize('target, source', [('photo', 'mask'),
                                            ('mask', 'photo')])
def test_fid_is_that_of_all_translations_and_all_targets(target, source):
    model = build('cyclegan').eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    metric = fid() if target == 'photo' else fid(fake_key='fake_mask')
    results, given, _ = evaluate(metric, model)
    data = model.data_preprocessor(
        dict(inputs={f'img_{domain}': torch.from_numpy(
            TinyPairs().images[:, place].copy())
            for place, domain in enumerate(('photo', 'mask'))}))['inputs']
    with torch.no_grad():
        fakes = model.translation(data[f'img_{source}'], target)
    expected = frechet_distance(*gaussian(pixels(model, fakes)), *gaussian(
        pixels(model, data[f'img_{target}'])))
    assert results['FID-Tiny/fid'] == pytest.approx(expected[0], rel=1e-4)
    sources = torch.cat([batch[f'img_{source}'] for batch in given])
    assert len(sources) == SIZE  # each once, in order
    place = dict(photo=0, mask=1)[source]
    assert np.array_equal(sources, TinyPairs().images[:, place])


def test_keys_of_1x_configs_are_taken():
    model = build('cyclegan').eval()
    with_keys, _, _ = evaluate(
        fid(fake_key='fake_photo', real_key='img_photo'), model)
    without, _, _ = evaluate(fid(), model)
    other, _, _ = evaluate(fid(real_key='img_mask'), model)
    assert with_keys == without != other


def test_metrics_share_translations_and_batches():
    model = build('cyclegan').eval()
    results, given, evaluator = evaluate(
        [fid(), TransIS(fake_nums=SIZE, splits=2, resize=False,
                        feature=TinyClasses())], model)
    assert sum(len(batch['img_mask']) for batch in given) == SIZE
    assert results['IS/is'] >= 1
    fake = evaluator.identities()['FID-Tiny/fid']['fake']
    assert fake['fake_key'] == 'fake_photo'
    assert fake['source'] == 'images of the val_dataloader'


def test_fid_knows_its_floor_and_error():
    model = build('cyclegan').eval()
    data = TinyPairs(24)
    results, _, evaluator = evaluate(
        fid(fake_nums=24, standard_error=True), model, data)
    # Of the target domain; the model reads them as BGR.
    images = torch.from_numpy(data.images[:, 0]).flip(1)
    floor = frechet_distance(*gaussian(images[::2]), *gaussian(images[1::2]))
    beside = evaluator.beside['FID-Tiny/fid']
    assert beside['floor'] == pytest.approx(floor[0], rel=1e-4)
    assert 0 < beside['standard_error'] < results['FID-Tiny/fid']
    evaluate(metric := fid(floor=False), model)
    assert metric.beside() == {}
    clean = TransFID(10, resize='clean', inception_style='PyTorch')
    assert 'antialiased' in clean.network.resize


def test_a_part_is_spread_over_the_data_whatever_others_want():
    model = build('cyclegan').eval()
    alone, given, _ = evaluate(fid(fake_nums=5), model)
    assert np.array_equal(
        torch.cat([batch['img_mask'] for batch in given]),
        TinyPairs().images[[0, 2, 4, 6, 8], 1])
    together, _, _ = evaluate(
        [fid(prefix='FID-Tiny-all'), fid(fake_nums=5)], model)
    assert together['FID-Tiny/fid'] == alone['FID-Tiny/fid']


@pytest.mark.parametrize('world_size', [1, 2, 3])
def test_processes_translate_each_image_once(monkeypatch, world_size):
    model, seen = build('cyclegan'), []
    for rank in range(world_size):
        monkeypatch.setattr(
            samplers, 'get_dist_info', lambda rank=rank: (rank, world_size))
        evaluator, loading = GenEvaluator(fid()), loader(TinyPairs())
        evaluator.metrics[0].meet(model, loading)
        group, = evaluator.groups(loading)
        for batch in evaluator.batches_of(group, loading):
            assert len(batch.data['inputs']['img_mask']) == batch.size
            assert batch.data['inputs']['target_domain'] == 'photo'
            seen += zip(range(batch.start, batch.start + batch.size),
                        batch.data['inputs']['img_mask'])
    assert sorted(place for place, _ in seen) == list(range(SIZE))
    assert all(np.array_equal(image, TinyPairs().images[place, 1])
               for place, image in seen)


def test_pix2pix_gives_the_same_numbers_twice():
    """Its dropout follows from the metric's seed."""
    model = build('pix2pix').eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    first, _, _ = evaluate(fid(), model)
    assert evaluate(fid(), model)[0] == first
    assert evaluate(fid(seed=1), model)[0] != first


def test_defaults_of_1x():
    metric = METRICS.build(dict(type='TransFID', fake_nums=10))
    assert metric.prefix == 'FID' and metric.fake_key is None
    assert METRICS.build(dict(type='TransIS')).fake_nums == 50000


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(TypeError, match='TransFID: TinyGAN has no '
                       'default_domain.*Use FID or IS'):
        evaluate(fid(), TinyGAN())
    with pytest.raises(ValueError, match='fake_nums=12, but the dataset of '
                       'the val_dataloader has 11 samples'):
        evaluate(fid(fake_nums=12), build('cyclegan'))
    with pytest.raises(ValueError, match="target_domain='winter', expected"):
        evaluate(fid(fake_key='fake_winter', real_key='img_mask'),
                 build('cyclegan'))


def test_a_metric_of_noise_says_what_to_use_instead():
    model = build('cyclegan')
    with pytest.raises(ValueError, match='metrics of translations are '
                       'TransFID and TransIS'):
        model.test_step(dict(inputs=dict(num_batches=3)))
