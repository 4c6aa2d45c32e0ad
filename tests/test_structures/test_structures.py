"""GenDataSample and its parts."""
import copy
import pickle

import numpy as np
import pytest
import torch

from mmgen.structures import GenDataSample, LabelData, PixelData


@pytest.mark.parametrize('value', [
    3,
    np.int64(3),
    np.array(3),
    np.array([3]), [3],
    torch.tensor(3),
    torch.tensor([3], dtype=torch.uint8)
])
def test_a_label_is_stored_as_one_int64(value):
    sample = GenDataSample().set_gt_label(value)
    assert isinstance(sample.gt_label, LabelData)
    assert sample.gt_label.label.dtype == torch.int64
    assert sample.gt_label.label.tolist() == [3]


@pytest.mark.parametrize('value', [1.0, '3', None, [0.5], [[1]]])
def test_a_label_that_is_no_whole_number_is_refused(value):
    with pytest.raises(TypeError, match='gt_label is .*expected a class index'):
        GenDataSample().set_gt_label(value)


def test_a_label_outside_the_classes_is_refused():
    sample = GenDataSample(num_classes=10)
    with pytest.raises(ValueError, match=r'gt_label is \[10\], expected 0 to 9'):
        sample.set_gt_label(10)
    with pytest.raises(ValueError, match=r'gt_label is \[-1\]'):
        GenDataSample().set_gt_label(-1)


def test_fields_hold_what_was_put_in():
    image = torch.rand(3, 4, 5)
    sample = GenDataSample(metainfo=dict(img_path='a.png'))
    sample.fake_img = PixelData(data=image)
    sample.ema = GenDataSample(fake_img=PixelData(data=image * 2))
    sample.noise = torch.ones(7)
    sample.sample_model = 'ema/orig'
    sample.sample_kwargs = dict(truncation=0.5)
    assert torch.equal(sample.fake_img.data, image)
    assert torch.equal(sample.ema.fake_img.data, image * 2)
    assert sample.metainfo == dict(img_path='a.png')
    assert set(sample.keys()) == {
        'fake_img', 'ema', 'noise', 'sample_model', 'sample_kwargs'
    }
    assert sample.cpu().noise.tolist() == [1.0] * 7


@pytest.mark.parametrize('name, value, words', [
    ('fake_img', torch.rand(3, 2, 2), r'expected a PixelData. Use PixelData'),
    ('gt_label', 3, r'expected a LabelData. Use set_gt_label'),
    ('noise', [1.0], 'noise is a list, expected a Tensor'),
    ('ema', dict(), 'ema is a dict, expected a GenDataSample'),
    ('sample_model', 1, 'expected a str'),
])
def test_a_field_of_another_type_is_refused(name, value, words):
    with pytest.raises(TypeError, match=words):
        setattr(GenDataSample(), name, value)


def test_pixel_data_is_channels_height_width():
    assert PixelData(data=torch.zeros(4, 5)).data.shape == (1, 4, 5)
    with pytest.raises(ValueError, match=r'has shape \[2, 3, 4, 5\]'):
        PixelData(data=torch.zeros(2, 3, 4, 5))
    with pytest.raises(TypeError, match='data is a list'):
        PixelData(data=[1, 2])
    pixels = PixelData(data=torch.zeros(3, 4, 5))
    with pytest.raises(ValueError, match=r'already has height and width'):
        pixels.mask = torch.zeros(1, 4, 6)


def test_a_sample_survives_pickling_and_copying():
    sample = GenDataSample(metainfo=dict(img_path='a.png')).set_gt_label(4)
    sample.gt_label.set_field('b', 'source', field_type='metainfo')
    for twin in (pickle.loads(pickle.dumps(sample)), copy.deepcopy(sample)):
        assert twin.gt_label.label.tolist() == [4]
        assert twin.gt_label.label.dtype == torch.int64
        assert twin.gt_label.metainfo == dict(source='b')
        assert twin.metainfo == sample.metainfo
        twin.gt_label.label += 1  # its own memory
    assert sample.gt_label.label.tolist() == [4]


def test_a_pickled_label_holds_no_tensor():
    label = GenDataSample().set_gt_label(4).gt_label
    assert b'torch' not in pickle.dumps(label).replace(b'torch.from', b'')
