import os
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_evaluation import (TinyGAN, TinyImages, TinyPreprocessor,
                             image_folder, loader, open_folder)
from tiny_features import TinyFeatures
from tiny_runs import write_images
from torch.utils.data import IterableDataset

from mmgen.datasets import UnconditionalImageDataset
from mmgen.evaluation import reference
from mmgen.evaluation.features import FeatureStatistics
from mmgen.evaluation.fingerprint import fingerprint
from mmgen.evaluation.reference import (ReferenceRequest, cache_name,
                                        reference_statistics)
from mmgen.evaluation.samplers import real_batches


def request(**settings):
    return ReferenceRequest(**dict(dict(
        asker='FID', network=TinyFeatures(), real_nums=-1, real_key='img',
        seed=0, device='cpu'), **settings))


def numpy_statistics(data, indices):
    images = torch.from_numpy(data.images[indices])
    features = TinyFeatures()(images).double().numpy()
    return features.mean(axis=0), np.cov(features, rowvar=False)


@pytest.mark.parametrize('real_nums, indices', [
    (-1, list(range(21))), (10, list(range(0, 20, 2))),
    (21, list(range(21)))])
def test_statistics_of_evenly_spaced_images(real_nums, indices):
    data = TinyImages(21)
    found, = reference_statistics(
        [request(real_nums=real_nums)], TinyGAN(), loader(data), 4)
    mean, cov = numpy_statistics(data, indices)
    assert found.count == len(indices)
    np.testing.assert_allclose(found.mean, mean, atol=1e-6)
    np.testing.assert_allclose(found.cov, cov, atol=1e-6)


def test_a_folder_sorted_by_class_gives_all_classes(tmp_path):
    data = UnconditionalImageDataset(
        str(write_images(tmp_path / 'images', classes=3, per_class=7)),
        [dict(type='LoadImageFromFile', key='img'),
         dict(type='PackGenInputs', keys=['img'])])
    read = []
    for _, batch in real_batches(loader(data), 6, 4, seed=0):
        read += [Path(sample.img_path).parent.name
                 for sample in batch['data_samples']]
    assert read == ['class_0', 'class_0', 'class_1', 'class_1', 'class_2',
                    'class_2']


def test_one_pass_serves_requests_of_one_number():
    data = TinyImages(21)
    found = reference_statistics(
        [request(real_nums=8), request(), request(real_nums=8)], TinyGAN(),
        loader(data), 4)
    assert [item.count for item in found] == [8, 21, 8]
    assert found[0] is found[2]
    # For the name of each three images are looked at.
    assert data.read[9:9 + 8] == [place * 21 // 8 for place in range(8)]
    assert data.read[9 + 8:] == list(range(21))


def test_the_second_time_comes_from_the_cache(cache, monkeypatch):
    first, = reference_statistics([request()], TinyGAN(), loader(), 4)
    name, = os.listdir(cache / 'statistics')
    assert name.startswith('Tiny-TinyImages-21-') and name.endswith('.npz')
    monkeypatch.setattr(reference, '_look_at_images', None)
    second, = reference_statistics([request()], TinyGAN(), loader(), 4)
    np.testing.assert_array_equal(first.cov, second.cov)
    assert first.sha256 == second.sha256


def test_the_whole_is_the_same_with_a_floor_and_without():
    plain, = reference_statistics(
        [request(save=False)], TinyGAN(), loader(), 4)
    halves, = reference_statistics([request(floor=True)], TinyGAN(), loader(),
                                   4)
    np.testing.assert_allclose(halves.mean, plain.mean, rtol=1e-14)
    np.testing.assert_allclose(halves.cov, plain.cov, atol=1e-14)
    assert halves.sha256 == plain.sha256
    assert plain.floor is None and halves.floor > 0


def test_a_file_without_floor_serves_who_wants_none_and_is_renewed(cache):
    """Earlier versions wrote such files under the same name."""
    old, = reference_statistics([request()], TinyGAN(), loader(), 4)
    path, = (cache / 'statistics').iterdir()
    read = []
    for wanted in (False, True, True, False):
        data = TinyImages()
        found, = reference_statistics([request(floor=wanted)], TinyGAN(),
                                      loader(data), 4)
        np.testing.assert_allclose(found.cov, old.cov, atol=1e-14)
        assert (found.floor is not None) or not wanted
        read.append(len(data.read) - 3)  # three are for the name
    assert read == [0, 21, 0, 0]
    assert list((cache / 'statistics').iterdir()) == [path]


def test_who_wants_a_floor_shares_images_with_who_does_not():
    data = TinyImages()
    first, second = reference_statistics(
        [request(), request(floor=True)], TinyGAN(), loader(data), 4)
    assert first is second and first.floor > 0
    assert data.read[6:] == list(range(21))


def test_a_damaged_cache_file_is_made_anew(cache):
    first, = reference_statistics([request()], TinyGAN(), loader(), 4)
    path, = (cache / 'statistics').iterdir()
    path.write_bytes(b'PK damaged')
    second, = reference_statistics([request()], TinyGAN(), loader(), 4)
    np.testing.assert_array_equal(first.cov, second.cov)
    assert path.stat().st_size > 100


def test_hash_is_that_of_the_images_and_of_no_order():
    def sha256(images, batch_size=4, network=TinyFeatures()):
        data = TinyImages()
        data.images = images
        return reference_statistics([request(network=network)], TinyGAN(),
                                    loader(data), batch_size)[0].sha256

    images = TinyImages().images
    other = images.copy()
    other[3, 0, 0, 0] ^= 1
    assert sha256(images) == sha256(images[::-1].copy(), 5)
    assert sha256(images) != sha256(other)
    assert sha256(images) != sha256(images[1:])


class Rescaled(TinyFeatures):

    def identity(self):
        return dict(super().identity(), resize='other')


def test_every_ingredient_changes_the_name(tmp_path):
    root = tmp_path / 'images'
    image_folder(root)

    def name(model=None, count=6, data=None, **settings):
        loading = loader(data or open_folder(root, flip_ratio=0.0))
        return cache_name(
            request(**settings), count,
            fingerprint(loading.dataset, files=True),
            model or TinyGAN(), loading)

    plain = name()
    assert plain == name()
    other_scale = TinyGAN()
    other_scale.data_preprocessor = TinyPreprocessor(scale=100.)
    names = [
        plain,
        name(network=Rescaled()),
        name(count=5),
        name(seed=1),
        name(label=0),
        name(model=other_scale),
        name(data=open_folder(root, flip_ratio=0.5)),
        name(data=open_folder(root, flip_ratio=0.0, direction='vertical')),
        name(data=image_folder(tmp_path / 'elsewhere')),
    ]
    os.utime(root / '3.png', ns=(1, 1))
    names.append(name())
    (root / '3.png').rename(root / '9.png')
    names.append(name())
    image_folder(root, 7)
    names.append(name())
    assert len(set(names)) == len(names)


def test_random_transforms_draw_by_the_place_alone(tmp_path):
    """Flips are the same whatever the batch size and the random state."""
    image_folder(tmp_path / 'images')
    found = []
    for batch_size in (1, 4):
        torch.rand(batch_size)
        data = open_folder(tmp_path / 'images', flip_ratio=0.5)
        item = reference._Pass(request(), 6)
        reference._look_at_images([item], TinyGAN(), loader(data), batch_size)
        found.append(item.result())
    assert found[0].sha256 == found[1].sha256


def test_more_than_there_are_is_refused():
    with pytest.raises(ValueError, match='FID: real_nums=30, but the dataset '
                       'of the val_dataloader has 21 images'):
        reference_statistics([request(real_nums=30)], TinyGAN(), loader(), 4)


@pytest.mark.parametrize('size', [0, 1])
def test_hardly_any_image_is_refused(size):
    with pytest.raises(ValueError, match=f'has {size} images, expected at '
                       'least 2'):
        reference_statistics([request()], TinyGAN(),
                             loader(TinyImages(size), sampler=[0]), 4)


class Stream(IterableDataset):

    def __iter__(self):
        yield from ()


def test_a_dataset_without_length_is_refused():
    with pytest.raises(TypeError, match='Stream of the val_dataloader has no '
                       'length'):
        reference_statistics([request()], TinyGAN(), loader(Stream()), 4)


def test_a_wrong_key_names_those_that_are_there():
    with pytest.raises(ValueError, match="no 'winter' in the images of the "
                       'val_dataloader, found img'):
        reference_statistics([request(real_key='winter')], TinyGAN(),
                             loader(), 4)


def test_a_model_without_the_way_back_is_refused():
    model = TinyGAN()
    model.data_preprocessor.to_uint8_rgb = None
    with pytest.raises(TypeError, match='TinyPreprocessor has no '
                       'to_uint8_rgb'):
        reference_statistics([request()], model, loader(), 4)


def test_statistics_do_not_grow_with_the_images():
    statistics = FeatureStatistics(8)
    for _ in range(200):
        statistics.update(torch.rand(10, 8))
    assert sum(map(len, statistics._waiting)) < 256
