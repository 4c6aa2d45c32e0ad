import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.evaluation.features.resize import resize_images


@pytest.mark.parametrize('sides', [(20, 30), (400, 350), (299, 299)])
def test_clean_is_pillows_float_filter_on_each_channel(sides):
    """Parmar et al. 2021: nothing is rounded, so mode F."""
    images = torch.randint(0, 256, (2, 3, *sides), dtype=torch.uint8)
    found = resize_images(images, 299, 'clean')
    for image, result in zip(images.numpy(), found.numpy()):
        for channel, values in zip(image, result):
            picture = Image.fromarray(channel.astype(np.float32))
            expected = np.asarray(
                picture.resize((299, 299), Image.Resampling.BICUBIC))
            np.testing.assert_allclose(
                values, expected.clip(0, 255), atol=1e-2)


def test_clean_widens_its_filter_and_bilinear_does_not():
    """Stripes of one pixel become grey, or an accidental pattern."""
    stripes = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    stripes[..., ::2] = 255
    clean = resize_images(stripes, 16, 'clean')
    assert clean[..., 2:-2].std() < 1
    assert clean.mean() == pytest.approx(127.5, abs=2)
    # Between columns 4k + 1 and 4k + 2, a dark one and a light one.
    shifted = stripes[..., [0, *range(63)]]
    assert resize_images(shifted, 16, 'bilinear').mean() \
        == pytest.approx(127.5)
    assert resize_images(stripes, 21, 'bilinear').std() > 50


def test_clean_stays_in_the_range():
    """The filter overshoots at edges."""
    edge = torch.zeros(1, 3, 8, 8)
    edge[..., 4:] = 255
    found = resize_images(edge, 40, 'clean')
    assert found.min() == 0 and found.max() == 255


def test_tensorflow_looks_up_at_multiples_of_the_ratio():
    """Two pixels to four: at 0, 1/2, 1 and 3/2, the last beyond the edge."""
    image = torch.tensor([0., 100.]).view(1, 1, 1, 2).expand(1, 3, 2, 2)
    found = resize_images(image, 4, 'tensorflow')
    assert (found == torch.tensor([0., 50., 100., 100.])).all()
    columns = resize_images(image.transpose(2, 3), 4, 'tensorflow')
    assert torch.equal(columns, found.transpose(2, 3))


@pytest.mark.parametrize('method', ['clean', 'bilinear', 'tensorflow'])
def test_images_of_the_right_size_stay_as_they_are(method):
    images = torch.randint(0, 256, (1, 3, 20, 20), dtype=torch.uint8)
    assert torch.equal(resize_images(images, 20, method), images.float())
