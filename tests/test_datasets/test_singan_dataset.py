"""The pyramid of one image."""
import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.datasets import SinGANDataset
from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.datasets.singan_dataset import pyramid_sizes

PACK = [dict(type='PackGenInputs', pack_all=True)]


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'photo.png')
    return tmp_path / 'photo.png', pixels


def test_sizes_by_hand():
    """186 x 248, from 25 pixels, about 3/4 a step.

    log(25/186) / log(3/4) = 6.98, so there are 7 + 1 steps of a factor
    (25/186)^(1/8) = 0.778: 9 scales.
    """
    sizes = pyramid_sizes(186, 248, 25, 300, 0.75)
    assert len(sizes) == 9
    assert sizes[0] == (25, 33) and sizes[-1] == (186, 248)
    factor = (25 / 186)**(1 / 8)
    assert sizes[4] == (round(186 * factor**4), round(248 * factor**4))


def test_sizes_of_an_image_that_is_too_large():
    """375 x 500 down to 187.5 x 250: log(1/2) / log(3/4) = 2.4, 3 steps less.

    log(25/375) / log(3/4) = 9.4, so 10 + 1 - 3 = 8 steps from the image as
    it is used.
    """
    sizes = pyramid_sizes(375, 500, 25, 250, 0.75)
    assert len(sizes) == 9
    assert sizes[0] == (25, 33) and sizes[-1] == (188, 250)


def test_an_image_as_small_as_the_coarsest_scale_has_two():
    """The rule always takes one step more than are needed."""
    assert pyramid_sizes(25, 30, 25, 300, 0.75) == [(25, 30), (25, 30)]


def test_a_sample_has_all_scales(photo):
    path, pixels = photo
    dataset = SinGANDataset(str(path), 10, 60, 0.75, PACK)
    sample = dataset[0]['inputs']
    sizes = pyramid_sizes(40, 60, 10, 60, 0.75)
    assert list(sample) == [f'real_scale{i}' for i in range(len(sizes))] + [
        'input_sample']
    for scale, size in enumerate(sizes):
        image = sample[f'real_scale{scale}']
        assert image.dtype == torch.uint8 and image.shape == (3, *size)
    finest = sample[f'real_scale{len(sizes) - 1}']
    assert np.array_equal(finest.permute(1, 2, 0).numpy(), pixels[..., ::-1])
    coarsest = Image.fromarray(pixels).resize(sizes[0][::-1], Image.BICUBIC)
    assert np.array_equal(sample['real_scale0'].permute(1, 2, 0).numpy(),
                          np.asarray(coarsest)[..., ::-1])
    start = sample['input_sample']
    assert start.shape == (3, *sizes[0]) and start.dtype == torch.float32
    assert not start.any()


def test_what_a_transform_writes_does_not_last(photo):
    def blacken(results):
        for image in results.values():
            image[:] = 0
        return results

    dataset = SinGANDataset(str(photo[0]), 10, 60, 0.75, [blacken], 7)
    assert len(dataset) == 7
    before = [image.copy() for image in dataset.pyramid]
    assert not dataset[0]['real_scale0'].any()
    assert all(map(np.array_equal, before, dataset.pyramid))


def test_what_is_refused(photo, tmp_path):
    path = str(photo[0])
    assert len(SinGANDataset(path, 10, 60, 0.75, PACK)) == 1
    with pytest.raises(ValueError, match='image has 40 x 60 pixels, 20 x 30 '
                       'with max_size=30, but .* min_size=25'):
        SinGANDataset(path, 25, 30, 0.75, PACK)
    with pytest.raises(ValueError, match='scale_factor_init=1.3, expected'):
        SinGANDataset(path, 10, 60, 1.3, PACK)
    with pytest.raises(BrokenImageError, match='missing.png'):
        SinGANDataset(str(tmp_path / 'missing.png'), 10, 60, 0.75, PACK)
