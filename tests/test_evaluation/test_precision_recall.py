import numpy as np
import pytest
import torch
from recorded_numbers import RecordedNumbers
from tiny_evaluation import BrightImages, TinyGAN, TinyImages, loader, run
from tiny_features import TinyFeatures

from mmgen.evaluation import PRDC, GenEvaluator, PrecisionAndRecall
from mmgen.evaluation.metrics import precision_recall as module
from mmgen.evaluation.metrics.precision_recall import (Distances, count_balls,
                                                       neighbour_radii,
                                                       precision_recall,
                                                       radii_without_groups)
from mmgen.registry import METRICS
from mmgen.utils.randomness import seed_everything

NUMBERS = RecordedNumbers('metrics')


def prdc(real, fake, k, **block):
    return precision_recall(
        real, fake, neighbour_radii(real, k, **block),
        neighbour_radii(fake, k, **block), k, **block)


def line(*places):
    return torch.tensor(places).view(-1, 1)


def radii(points, k):
    return neighbour_radii(points, k).tolist()


def features(rows, seed, size=16):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(rows, size, generator=rng)


REAL, FAKE = line(0., 1., 3., 50., 100.), line(0.5, 2., 11., -30.)


def test_a_line_by_hand_with_the_nearest_neighbour():
    """Real balls [-1, 1], [0, 2], [1, 5], [3, 97], [50, 150]; fake ones
    [-1, 2], [.5, 3.5], [2, 20], [-60.5, .5]. 2 lies on the surface of one."""
    assert radii(REAL, 1) == pytest.approx([1, 1, 2, 47, 50])
    assert radii(FAKE, 1) == pytest.approx([1.5, 1.5, 9, 30.5])
    assert prdc(REAL, FAKE, 1) == dict(
        precision=3 / 4, recall=3 / 5, density=(2 + 2 + 1) / 4, coverage=4 / 5)


def test_a_line_by_hand_with_the_second_neighbour():
    """Real balls [-3, 3], [-1, 3], [0, 6], [1, 99], [3, 197]; fake ones
    [-10, 11], [-7, 11], [.5, 21.5], [-62, 2]."""
    assert radii(REAL, 2) == pytest.approx([3, 2, 3, 49, 97])
    assert prdc(REAL, FAKE, 2) == dict(
        precision=3 / 4, recall=3 / 5, density=(3 + 4 + 2) / (2 * 4),
        coverage=1)


def test_a_point_on_the_surface_lies_in_the_ball():
    real, fake = line(0., 1.), line(2., 9.)
    assert prdc(real, fake, 1)['precision'] == 1 / 2
    assert prdc(real, line(2.001, 9.), 1)['precision'] == 0


def test_disjoint_sets():
    x = features(50, 0)
    assert prdc(x, x + 1000, 3) == dict(
        precision=0, recall=0, density=0, coverage=0)


@pytest.mark.parametrize('offset', [0, 100])
@pytest.mark.parametrize('block', [dict(), dict(rows=7, columns=13)])
def test_identical_sets(block, offset):
    """Each neighbour of a point is a tie, whatever the blocks round to."""
    x = features(97, 0, 64) + offset
    for k in (1, 5):
        reach = neighbour_radii(x, k)
        assert precision_recall(x, x, reach, reach, k, **block) == dict(
            precision=1, recall=1, density=1 + 1 / k, coverage=1)


def test_constant_features_and_duplicates():
    same = torch.ones(6, 4)
    assert prdc(same, same[:5], 2) == dict(
        precision=1, recall=1, density=6 / 2, coverage=1)
    assert radii(line(0., 0., 4.), 1) == pytest.approx([0, 0, 4], abs=1e-7)
    assert radii(line(0., 0., 4.), 2) == pytest.approx([4, 4, 4])


def plain(real, fake, k):
    """The definitions with whole matrices."""
    def distances(a, b):
        return np.linalg.norm(
            a[:, None].double().numpy() - b[None].double().numpy(), axis=-1)

    real_radii = np.sort(distances(real, real), axis=1)[:, k]
    fake_radii = np.sort(distances(fake, fake), axis=1)[:, k]
    between = distances(real, fake)
    in_real = between <= real_radii[:, None]
    return dict(
        precision=in_real.any(axis=0).mean(),
        recall=(between <= fake_radii).any(axis=1).mean(),
        density=in_real.sum() / (k * len(fake)),
        coverage=in_real.any(axis=1).mean())


@pytest.mark.parametrize('k', [1, 3])
@pytest.mark.parametrize('sizes', [(60, 41), (20, 70)])
def test_equals_the_plain_definitions(sizes, k):
    """Also with fewer images than dimensions."""
    for dim in (2, 80):
        real = features(sizes[0], 0, dim)
        fake = features(sizes[1], 1, dim) * 0.9 + 0.1
        assert prdc(real, fake, k) == pytest.approx(plain(real, fake, k))


@pytest.mark.parametrize('name, k', [('k3', 3), ('k1', 1)])
def test_recorded_numbers(name, k):
    """1.x's, with radii in half precision as the recipe says."""
    real, other = NUMBERS.input('feat_a'), NUMBERS.input('feat_b')
    fake = other * np.float32(1.3) + np.float32(0.2)
    near = np.float32(0.95) * real + np.float32(0.05) * fake

    def check(name, fake):
        reach = [neighbour_radii(x, k).half().double() for x in (real, fake)]
        found = precision_recall(real, fake, *reach, k)
        NUMBERS.check(name, torch.tensor(
            [found['precision'], found['recall']]))

    check(f'pr_{name}', fake)
    check(f'pr_near_{name}', near)
    found = prdc(real, fake, k)
    expected = NUMBERS.expected[f'pr_{name}']
    # Exact radii move one of 200 images at most.
    assert [found['precision'], found['recall']] == pytest.approx(
        expected, abs=1 / 200 + 1e-6)


def test_recorded_distances():
    a = NUMBERS.input('feat_a')[:20]
    b = (NUMBERS.input('feat_b') * np.float32(1.3) + np.float32(0.2))[:30]
    (_, _, found, least), = Distances(a, b, 100, 100).blocks()
    NUMBERS.check('pr_dist', found.sqrt())
    assert (least <= found).all() and (found - least < 1e-11).all()


def test_blocks_do_not_change_the_numbers(monkeypatch):
    real, fake = features(50, 0), features(43, 1)
    expected = prdc(real, fake, 3)
    reach = neighbour_radii(real, 3)
    monkeypatch.setattr(module, 'DISTANCES_AT_ONCE', 100)
    for block in (dict(), dict(rows=1), dict(columns=2), dict(columns=1),
                  dict(rows=9, columns=11)):
        assert prdc(real, fake, 3, **block) == expected
        torch.testing.assert_close(neighbour_radii(real, 3, **block), reach)


def test_radii_without_a_group_are_those_of_the_others(monkeypatch):
    points = features(43, 0)
    expected = [neighbour_radii(points, 3)]
    groups = torch.arange(43) % 10
    for group in range(10):
        radii = torch.full((43, ), -torch.inf, dtype=torch.float64)
        left = groups != group
        radii[left] = neighbour_radii(points[left], 3)
        expected.append(radii)
    found = radii_without_groups(points, 3, 10)
    torch.testing.assert_close(found, torch.stack(expected, dim=1))
    monkeypatch.setattr(module, 'DISTANCES_AT_ONCE', 100)
    torch.testing.assert_close(
        radii_without_groups(points, 3, 10, columns=7), found)


@pytest.mark.parametrize('block', [dict(), dict(rows=9, columns=11)])
def test_standard_errors_by_hand(block):
    """Means' errors, and the plain numbers without each group."""
    real, fake, k = features(60, 0, 4), features(47, 1, 4) * 1.3, 3
    real_radii = neighbour_radii(real, k)
    counts = count_balls(real, fake, real_radii,
                         radii_without_groups(fake, k, 10), k, 10, **block)
    assert counts.values() == pytest.approx(plain(real, fake, k))
    left_out = [plain(real, fake[torch.arange(47) % 10 != group], k)
                for group in range(10)]
    distances = torch.cdist(fake.double(), real.double())
    balls = (distances <= real_radii).sum(dim=1).double()
    assert counts.errors() == pytest.approx(dict(
        precision=float((balls > 0).double().std()) / 47**0.5,
        recall=3 * np.std([item['recall'] for item in left_out]),
        density=float(balls.std()) / k / 47**0.5,
        coverage=3 * np.std([item['coverage'] for item in left_out])))


def test_standard_errors_are_how_far_the_numbers_stray():
    """That of recall is too large: an upper bound is all it is."""
    real, k, found = features(150, 999, 6), 3, []
    radii = neighbour_radii(real, k)
    for seed in range(60):
        fake = features(150, seed, 6) * 1.2 + 0.2
        counts = count_balls(real, fake, radii,
                             radii_without_groups(fake, k, 10), k, 10)
        found.append([[*numbers().values()]
                      for numbers in (counts.values, counts.errors)])
    values, errors = np.array(found).transpose(1, 2, 0)
    ratio = errors.mean(axis=1) / values.std(axis=1)
    precision, recall, density, coverage = ratio
    assert [precision, density, coverage] == pytest.approx([1] * 3, rel=0.25)
    assert 1 < recall < 2


def test_standard_errors_stand_beside_where_there_are_images_enough():
    for count, kind in ((19, 'PR'), (20, 'PR'), (20, 'PRDC')):
        evaluator = GenEvaluator(tiny(kind, fake_nums=count))
        found = run(evaluator, loading=loader(BrightImages()))
        assert list(evaluator.beside) == ([] if count < 20 else list(found))
    evaluator = GenEvaluator(tiny(fake_nums=20, standard_error=False))
    assert run(evaluator, loading=loader(BrightImages())) and not \
        evaluator.beside


def test_no_whole_matrix_is_held():
    a, b = torch.zeros(30000, 1), torch.zeros(20000, 1)
    for rows in (10000, 10**6):
        _, _, block, _ = next(Distances(a, b, rows, 10**6).blocks())
        assert block.numel() <= module.DISTANCES_AT_ONCE


def tiny(kind='PR', **settings):
    return METRICS.build(dict(dict(
        type=kind, fake_nums=10, feature='TinyFeatures', k=2,
        sample_model='orig'), **settings))


def test_the_model_is_measured():
    data = BrightImages()
    results = run(GenEvaluator([tiny(k=4), tiny('PRDC', k=4)]),
                  loading=loader(data))
    assert list(results) == [
        'PR-Tiny/precision', 'PR-Tiny/recall', 'PRDC-Tiny/precision',
        'PRDC-Tiny/recall', 'PRDC-Tiny/density', 'PRDC-Tiny/coverage']
    model = TinyGAN()
    images = []
    for index, size in enumerate([4, 4, 2]):
        seed_everything(0, index)
        images += [sample.fake_img.data.detach() for sample in model.test_step(
            dict(inputs=dict(num_batches=size, sample_model='orig')))]
    fake = TinyFeatures()(model.data_preprocessor.to_uint8_rgb(
        torch.stack(images)))
    real = TinyFeatures()(torch.from_numpy(data.images))
    for name, value in plain(real, fake, 4).items():
        assert 0 < value < 1
        assert results[f'PRDC-Tiny/{name}'] == pytest.approx(value)
    assert results['PR-Tiny/recall'] == results['PRDC-Tiny/recall']


@pytest.mark.parametrize('name', ['PR', 'PrecisionAndRecall'])
def test_names_keywords_and_keys_of_1x(name):
    metric = METRICS.build(dict(
        type=name, fake_nums=5e4, real_nums=-1, k=3, prefix='PR-50K',
        fake_key=None, real_key='img', sample_model='ema',
        collect_device='cpu', vgg16_script='work_dirs/cache/vgg16.pt',
        vgg16_pkl=None, row_batch_size=10000, col_batch_size=10000,
        auto_save=True))
    assert metric.fake_nums == 50000
    assert metric.result_keys() == ['PR-50K/precision', 'PR-50K/recall']
    assert metric.fake_request.sample_model == 'ema'
    assert metric.network.name == 'VGG16-StyleGAN'
    assert PrecisionAndRecall(100).result_keys() == ['PR/precision',
                                                     'PR/recall']


def test_names_say_the_features():
    assert PRDC(100).prefix == 'PRDC'
    layout = dict(type='VGG16PyTorch', path='vgg16.pth')
    assert PrecisionAndRecall(100, feature=layout).prefix == 'PR'
    assert tiny(prefix='PR-Tiny-1k').prefix == 'PR-Tiny-1k'
    with pytest.raises(ValueError, match="prefix='PR-50K' with features of "
                       "Tiny, expected one that starts with 'PR-Tiny'"):
        tiny(prefix='PR-50K')


@pytest.mark.parametrize('settings, words', [
    (dict(k=0), 'k=0, expected a whole number of at least 1'),
    (dict(k=10), r'fake_nums=10 images, but the neighbour k=10 of each is '
     'asked for: expected at least 11'),
    (dict(real_nums=2), 'real_nums=2 images, but the neighbour k=2'),
    (dict(fake_nums=0), 'fake_nums=0 images'),
    (dict(fake_nums=4.5), 'fake_nums=4.5, expected a whole number'),
    (dict(standard_error=True), 'fake_nums with standard_error=True=10, '
     'expected a whole number of at least 20'),
    (dict(fake_nums=23, k=11, standard_error=True), 'of at least 24'),
    (dict(row_batch_size=0), 'row_batch_size=0, expected a whole number'),
    (dict(col_batch_size=0), 'col_batch_size=0, expected a whole number'),
])
def test_refuses_with_the_right_words(settings, words):
    with pytest.raises(ValueError, match=words):
        tiny(**settings)


def test_too_few_real_images_are_noticed_before_the_work():
    with pytest.raises(ValueError, match='has 2 images, expected at least 3'):
        run(GenEvaluator(tiny()), loading=loader(TinyImages(2)))


def test_features_made_beforehand_need_no_real_image(tmp_path):
    data = BrightImages()
    rows = TinyFeatures()(torch.from_numpy(data.images)).numpy()
    expected = run(GenEvaluator(tiny()), loading=loader(data))
    path = tmp_path / 'real.npz'
    np.savez(path, features=rows)
    data.read.clear()
    evaluator = GenEvaluator(tiny(vgg16_pkl=str(path)))
    assert run(evaluator, loading=loader(data)) == expected
    assert not data.read
    reference = evaluator.identities()['PR-Tiny/recall']['reference']
    assert reference['images'] == 21
    assert reference['selection'] == 'as in vgg16_pkl'
    assert len(reference['sha256']) == 64
    absent = tiny(vgg16_pkl=str(tmp_path / 'nowhere.pkl'))
    assert run(GenEvaluator(absent), loading=loader(data)) == expected


def test_features_of_another_network_are_refused(tmp_path):
    path = tmp_path / 'real.npz'
    np.savez(path, features=np.zeros((9, 5), np.float32))
    with pytest.raises(ValueError, match=r'holds features of shape \[9, 5\], '
                       r'expected \[N, 8\] of Tiny with N of at least 3'):
        tiny(vgg16_pkl=str(path)).start(torch.device('cpu'))


def test_identity_says_everything():
    evaluator = GenEvaluator(tiny('PRDC'))
    run(evaluator)
    found = evaluator.identities()['PRDC-Tiny/density']
    assert found['metric'] == 'PRDC'
    assert found['k'] == 2
    assert found['features'] == TinyFeatures().identity()
    assert found['reference']['images'] == 21
    assert found['reference']['selection'].startswith('evenly spaced')
