"""Images of files get the numbers that the same images of a model get."""
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement
from PIL import Image
from tiny_evaluation import TinyClasses, TinyGAN, TinyImages, loader
from tiny_features import TinyFeatures
from tiny_runs import free_port

from mmgen.evaluation import (FrechetInceptionDistance, GenEvaluator,
                              GenMetric, InceptionScore, evaluate_images,
                              frechet_distance)
from mmgen.evaluation.standalone import feature_network, make_statistics
from mmgen.evaluation.stored_images import (StoredPixels, image_loader,
                                            open_images)
from mmgen.registry import METRICS

RNG = np.random.default_rng(0)
FAKES = RNG.integers(0, 200, (13, 8, 8, 3), np.uint8)
REALS = RNG.integers(0, 256, (21, 8, 8, 3), np.uint8)


def write_folder(root: Path, images: np.ndarray) -> Path:
    root.mkdir(parents=True)
    for index, image in enumerate(images):
        Image.fromarray(image.squeeze()).save(root / f'{index:03d}.png')
    return root


@pytest.fixture
def folders(tmp_path):
    return (write_folder(tmp_path / 'fake', FAKES),
            write_folder(tmp_path / 'real', REALS))


def features(images: np.ndarray) -> np.ndarray:
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    return TinyFeatures()(pixels).double().numpy()


def distance() -> float:
    """By the plain formula."""
    fake, real = features(FAKES), features(REALS)
    return frechet_distance(
        fake.mean(axis=0), np.cov(fake, rowvar=False),
        real.mean(axis=0), np.cov(real, rowvar=False))[0]


def tiny_fid(fake, real, **kwargs) -> float:
    return evaluate_images(fake, real, ['FID'], feature='TinyFeatures',
                           **kwargs)['FID-Tiny/fid']


def test_number_is_that_of_the_plain_formula(folders):
    assert tiny_fid(*folders, batch_size=4) == pytest.approx(distance())


def test_folder_zip_and_array_give_the_same(folders, tmp_path):
    expected = tiny_fid(*folders)
    packed = [shutil.make_archive(str(tmp_path / name), 'zip', folder)
              for name, folder in zip('fr', folders)]
    assert tiny_fid(*packed) == expected
    np.savez(tmp_path / 'f.npz', FAKES)
    np.savez_compressed(tmp_path / 'r.npz', REALS)
    assert tiny_fid(tmp_path / 'f.npz', tmp_path / 'r.npz') == expected


def test_workers_and_batch_size_change_nothing(folders):
    expected = tiny_fid(*folders)
    assert tiny_fid(*folders, batch_size=5, num_workers=1) \
        == pytest.approx(expected, rel=1e-9)


class SavedImages(TinyGAN):
    """A model that 'generates' the images of the files, in their order."""

    def __init__(self, order: list[int]) -> None:
        super().__init__()
        self.images = torch.from_numpy(FAKES[order]).permute(0, 3, 1, 2)

    def test_step(self, data):
        start = self.images_made
        self.asked.append(data['inputs'])
        images = self.images[start:self.images_made] / 127.5 - 1
        return [BaseDataElement(fake_img=BaseDataElement(data=image))
                for image in images]


@pytest.mark.parametrize('make', [
    lambda: InceptionScore(13, resize=False, splits=3, feature=TinyClasses()),
    lambda: FrechetInceptionDistance(13, feature=TinyFeatures())])
def test_a_model_with_these_images_gets_the_same(folders, make):
    order = torch.randperm(13, generator=torch.Generator().manual_seed(0))
    evaluator, model = GenEvaluator(make()), SavedImages(order.tolist())
    data = TinyImages()
    data.images = REALS.transpose(0, 3, 1, 2).copy()
    with torch.no_grad():
        evaluator.prepare(model, loader(data))
        for group in evaluator.groups(loader(data)):
            for batch in group.batches:
                evaluator.process(group, batch, model.test_step(batch.data),
                                  model)
    assert evaluate_images(*folders, [make()]) == pytest.approx(
        evaluator.evaluate(), rel=1e-6)


def test_order_of_the_names_does_not_decide_on_the_parts(tmp_path):
    """Sorted by class, a part of the score would see one class alone."""
    classes = np.repeat(np.arange(5), 8)
    images = np.zeros((40, 8, 8, 3), np.uint8) + 50 * classes[
        :, None, None, None].astype(np.uint8)
    folder = write_folder(tmp_path / 'sorted', images)
    score = InceptionScore(40, resize=False, splits=5, feature=Colours())
    assert evaluate_images(folder, None, [score])['IS/is'] > 2.5


class Colours(TinyClasses):
    """The class is the brightness."""

    def class_probabilities(self, images):
        classes = (images.float().mean(dim=(1, 2, 3)) / 50).long()
        return torch.nn.functional.one_hot(classes, 5).float()


def test_greyscale_counts_as_colour(folders, tmp_path):
    grey = FAKES[..., :1]
    folder = write_folder(tmp_path / 'grey', grey)
    colour = write_folder(tmp_path / 'colour', grey.repeat(3, axis=3))
    np.savez(tmp_path / 'grey.npz', grey)
    expected = tiny_fid(colour, folders[1])
    assert tiny_fid(folder, folders[1]) == expected
    assert tiny_fid(tmp_path / 'grey.npz', folders[1]) == expected


def test_statistics_stand_for_real_images(folders, tmp_path):
    images = image_loader(open_images(folders[1]), 4, 0)
    network = feature_network('TinyFeatures')
    written = make_statistics(
        images, StoredPixels((8, 8), ''), network, tmp_path / 'real.npz')
    assert written.count == 21
    expected = tiny_fid(*folders)
    assert tiny_fid(folders[0], tmp_path / 'real.npz') \
        == pytest.approx(expected)
    with open(tmp_path / 'old.pkl', 'wb') as file:
        pickle.dump(dict(mean=written.mean, cov=written.cov), file)
    assert tiny_fid(folders[0], tmp_path / 'old.pkl') \
        == pytest.approx(expected)


def test_card_says_what_was_measured(folders, tmp_path):
    out = tmp_path / 'made' / 'results.json'
    results = evaluate_images(*folders, ['FID'], out=out,
                              feature='TinyFeatures', resize=4)
    card = json.loads(out.read_text())
    assert card['fake'] == str(folders[0]) and card['real'] == str(folders[1])
    assert {key: item['value'] for key, item in card['results'].items()} \
        == results
    identity = card['results']['FID-Tiny/fid']['identity']
    assert identity['fake'] == dict(
        images=13, seed=0, source='stored images, shuffled',
        resize="Pillow's bicubic to 4x4")
    assert identity['reference']['images'] == 21


def test_resizing_is_pillows(folders, tmp_path):
    def small(images):
        return np.stack([
            Image.fromarray(image).resize((4, 4), Image.Resampling.BICUBIC)
            for image in images])

    expected = tiny_fid(write_folder(tmp_path / 'f4', small(FAKES)),
                        write_folder(tmp_path / 'r4', small(REALS)))
    assert tiny_fid(*folders, resize=4) == pytest.approx(expected)


def test_fewer_images_are_a_fair_part(folders):
    fewer = dict(type='FID', fake_nums=9)
    found = evaluate_images(*folders, [fewer], feature='TinyFeatures')
    assert found['FID-Tiny/fid'] != pytest.approx(distance())
    with pytest.raises(ValueError, match='fake_nums=14, but .*fake has 13 '
                       'images. Use fake_nums=13'):
        evaluate_images(*folders, [dict(type='FID', fake_nums=14)],
                        feature='TinyFeatures')


def test_unlike_sizes_are_refused(folders, tmp_path):
    large = write_folder(tmp_path / 'large', REALS.repeat(2, axis=1))
    with pytest.raises(ValueError, match=r'large.000.png: 8x16 pixels, '
                       r'expected 8x8 \(as the first generated image\)'):
        tiny_fid(folders[0], large)
    assert tiny_fid(folders[0], large, resize=8) > 0
    Image.fromarray(REALS[0, :4]).save(folders[0] / '005.png')
    with pytest.raises(ValueError, match='005.png: 8x4 pixels, expected 8x8.*'
                       'ask for it with resize'):
        tiny_fid(*folders)


@pytest.mark.parametrize('count, words', [
    (0, 'no image in'), (1, 'one: 1 image, expected at least 2')])
def test_too_few_images_are_refused(folders, tmp_path, count, words):
    few = write_folder(tmp_path / 'one', FAKES[:count])
    with pytest.raises(ValueError, match=words):
        tiny_fid(few, folders[1])
    with pytest.raises(ValueError, match=words):
        tiny_fid(folders[0], few)


def test_a_broken_image_is_not_replaced(folders):
    (folders[0] / '003.png').write_bytes(b'no image')
    with pytest.raises(RuntimeError, match='1 broken images (.|\n)*003.png'):
        tiny_fid(*folders)


@METRICS.register_module(force=True)
class NeedsNeighbours(GenMetric):
    needs_model = 'it generates images at neighbouring points'


@pytest.mark.parametrize('metric, words', [
    ('FIDD', "no metric is called 'FIDD'; known: .*FID, .*IS"),
    ('TransFID', 'TransFID: needs the model itself, images do not do: it lets '
     'the model translate images. Measure it with tools/test.py'),
    ('NeedsNeighbours', 'it generates images at neighbouring points'),
    (dict(type='FID', splits=3), "has no setting 'splits'; known: .*fake_key"),
])
def test_what_cannot_be_measured_is_refused(folders, metric, words):
    with pytest.raises(ValueError, match=words):
        evaluate_images(*folders, [metric])


@METRICS.register_module(force=True)
class TakesReals(FrechetInceptionDistance):

    def __init__(self, fake_nums, real_nums=-1, **kwargs):
        super().__init__(fake_nums, real_nums, feature=TinyFeatures())


def test_missing_real_images_are_noticed(folders, tmp_path):
    with pytest.raises(ValueError, match='FrechetInceptionDistance: compares '
                       'with real images, but there are none'):
        tiny_fid(folders[0], None)
    np.savez(tmp_path / 'real.npz', mu=np.zeros(8), sigma=np.eye(8))
    with pytest.raises(ValueError, match='TakesReals: needs the real images '
                       'themselves, but .*real.npz holds their statistics'):
        evaluate_images(folders[0], tmp_path / 'real.npz', ['TakesReals'])
    with pytest.raises(ValueError, match='was built without inception_pkl'):
        evaluate_images(folders[0], tmp_path / 'real.npz', [
            FrechetInceptionDistance(13, feature=TinyFeatures())])


@pytest.mark.parametrize('name, error, words', [
    ('nowhere', FileNotFoundError, 'nowhere: no such folder or file'),
    ('text.txt', ValueError, 'text.txt: expected a folder of images, a .zip'),
    ('text.zip', ValueError, 'damaged or no zip file'),
])
def test_other_files_are_refused(folders, tmp_path, name, error, words):
    if '.' in name:
        (tmp_path / name).write_text('no images')
    with pytest.raises(error, match=words):
        tiny_fid(tmp_path / name, folders[1])


@pytest.mark.parametrize('settings, words', [
    (dict(batch_size=0), 'batch_size=0, expected a whole number of at least'),
    (dict(resize=0), 'resize=0, expected a whole number of at least 1')])
def test_wrong_numbers_are_refused(folders, settings, words):
    with pytest.raises(ValueError, match=words):
        tiny_fid(*folders, **settings)


def test_too_few_images_for_statistics_are_refused(folders, tmp_path):
    with pytest.raises(ValueError, match='make_statistics: num_images=1, '
                       'expected a whole number of at least 2'):
        make_statistics(
            image_loader(open_images(folders[1]), 4, 0),
            StoredPixels((8, 8), ''), TinyFeatures(), tmp_path / 'real.npz',
            num_images=1)


def test_a_setting_that_nobody_takes_is_refused(folders):
    with pytest.raises(ValueError, match='none of the metrics takes feature'):
        evaluate_images(*folders, [FrechetInceptionDistance(
            13, feature=TinyFeatures())], feature='TinyFeatures')


def test_metrics_of_all_kinds_share_the_images(tmp_path):
    """Fewer real images than generated ones: SWD takes as many of both."""
    rng = np.random.default_rng(1)
    fake, real = (write_folder(tmp_path / name, rng.integers(
        0, 256, (count, 16, 16, 3), np.uint8))
        for name, count in dict(fake=12, real=8).items())
    results = evaluate_images(
        fake, real, [dict(type='KID', subset_size=8, subsets=2), 'PR', 'PRDC',
                     'SWD', 'MS_SSIM'],
        feature='TinyFeatures', out=tmp_path / 'out.json')
    assert set(results) == {
        'KID-Tiny/kid', 'KID-Tiny/kid_std', 'PR-Tiny/precision',
        'PR-Tiny/recall', 'PRDC-Tiny/precision', 'PRDC-Tiny/recall',
        'PRDC-Tiny/density', 'PRDC-Tiny/coverage', 'SWD/16', 'SWD/avg',
        'MS-SSIM/avg'}
    card = json.loads((tmp_path / 'out.json').read_text())['results']
    assert card['SWD/avg']['identity']['fake']['images'] == 8
    assert card['MS-SSIM/avg']['identity']['fake']['images'] == 12


WORKER = Path(__file__).parent / 'standalone_worker.py'


def measure(world_size, fake, real, out):
    """The results of each of so many processes."""
    port = free_port()
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(fake), str(real), str(out)],
            env=dict(os.environ, RANK=str(rank), WORLD_SIZE=str(world_size),
                     MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port),
                     MMGEN_CACHE_DIR=f'{out}-cache',
                     PYTHONPATH=os.pathsep.join(sys.path)))
        for rank in range(world_size)]
    assert [process.wait(timeout=120) for process in processes] \
        == [0] * world_size
    return [json.loads(Path(f'{out}.{rank}').read_text())
            for rank in range(world_size)]


def test_two_processes_report_what_one_reports(tmp_path):
    rng = np.random.default_rng(1)
    fake, real = (write_folder(tmp_path / name, rng.integers(
        0, 256, (count, 16, 16, 3), np.uint8))
        for name, count in dict(fake=14, real=11).items())
    one, = measure(1, fake, real, tmp_path / 'one')
    first, second = measure(2, fake, real, tmp_path / 'two')
    assert first == second == pytest.approx(one, rel=1e-6)
