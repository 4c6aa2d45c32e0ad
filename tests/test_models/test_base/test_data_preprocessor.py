"""Batches on their way into a model and images on their way out."""
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from mmgen.models.base.data_preprocessor import GANDataPreprocessor
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample


def images(count=2, channels=3, height=5, width=6):
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, height, width)
    return torch.randint(0, 256, shape, generator=generator).to(torch.uint8)


def forms(batch):
    return dict(
        tensor=batch,
        list=list(batch),
        dict=dict(img=batch),
        dict_of_lists=dict(img=list(batch)))


def prepared(preprocessor, inputs):
    return preprocessor(dict(inputs=inputs), True)['inputs']['img']


@pytest.mark.parametrize('form', ['tensor', 'list', 'dict', 'dict_of_lists'])
@pytest.mark.parametrize('setting', [
    {},
    dict(mean=[1., 2., 3.], std=[4., 5., 6.]),
    dict(mean=[1., 2., 3.], std=[4., 5., 6.], bgr_to_rgb=True),
    dict(rgb_to_bgr=True),
    dict(mean=None, std=None),
])
def test_every_form_gives_the_plain_formula(form, setting):
    batch = images()
    expected = batch.double()
    if setting.get('bgr_to_rgb') or setting.get('rgb_to_bgr'):
        expected = expected[:, [2, 1, 0]]
    mean = setting.get('mean', [127.5] * 3)
    if mean is not None:
        mean = torch.tensor(mean).view(3, 1, 1).double()
        std = torch.tensor(setting.get('std', [127.5] * 3)).view(3, 1, 1)
        expected = (expected - mean) / std.double()
    untouched = batch.clone()
    out = prepared(GANDataPreprocessor(**setting), forms(batch)[form])
    assert out.dtype == torch.float32
    assert torch.allclose(out.double(), expected, rtol=1e-6, atol=1e-6)
    assert torch.equal(batch, untouched)


def test_the_ends_of_the_range_are_exact():
    batch = torch.tensor([0, 255], dtype=torch.uint8).expand(1, 3, 1, 2)
    out = prepared(GANDataPreprocessor(), batch)
    assert out.unique().tolist() == [-1.0, 1.0]


def test_equal_statistics_serve_grey_images():
    grey = images(channels=1)
    out = prepared(GANDataPreprocessor(rgb_to_bgr=True), grey)
    assert torch.equal(out, (grey.float() - 127.5) / 127.5)


def test_float_images_are_normalised_too():
    out = prepared(GANDataPreprocessor(), images().half())
    assert torch.equal(out, prepared(GANDataPreprocessor(), images()))


def test_padding_is_at_the_bottom_and_the_right_after_normalising():
    preprocessor = GANDataPreprocessor(pad_size_divisor=4, pad_value=0.5)
    out = prepared(preprocessor, images())
    assert out.shape == (2, 3, 8, 8)
    assert torch.equal(out[..., :5, :6], prepared(GANDataPreprocessor(),
                                                  images()))
    assert out[..., 5:, :].unique().tolist() == [0.5]
    assert out[..., 6:].unique().tolist() == [0.5]


def test_images_of_different_sizes_are_padded_to_the_largest():
    small, large = images(1, 3, 2, 3)[0], images(1, 3, 5, 1)[0]
    preprocessor = GANDataPreprocessor(pad_size_divisor=2, pad_value=9)
    out = prepared(preprocessor, [small, large])
    assert out.shape == (2, 3, 6, 4)
    assert torch.equal(out[0, :, :2, :3], (small.float() - 127.5) / 127.5)
    assert torch.equal(out[1, :, :5, :1], (large.float() - 127.5) / 127.5)
    assert out[0, :, 2:].unique().tolist() == [9]


def test_other_inputs_pass_as_they_are():
    noise = [torch.ones(4), torch.zeros(4)]
    draw = torch.randn
    inputs = dict(
        img=list(images()), noise=noise, num_batches=[2, 2], labels=draw,
        sample_model='ema', style=None, sample_kwargs=dict(truncation=1.0))
    out = GANDataPreprocessor()(dict(inputs=inputs))['inputs']
    assert torch.equal(out['noise'], torch.stack(noise))
    assert out['num_batches'] == 2
    assert out['labels'] is draw and out['style'] is None
    assert out['sample_model'] == 'ema'
    assert out['sample_kwargs'] == dict(truncation=1.0)
    assert set(out) == set(inputs)


def test_a_request_for_images_needs_none():
    inputs = dict(num_batches=4, noise=torch.ones(4, 8, 1, 1))
    out = GANDataPreprocessor()(dict(inputs=inputs))
    assert torch.equal(out['inputs']['noise'], torch.ones(4, 8, 1, 1))
    assert out['data_samples'] is None


def test_further_keys_can_be_kept_from_normalising():
    inputs = dict(input_sample=torch.zeros(1, 3, 4, 4), a=images())
    out = GANDataPreprocessor(non_image_keys=['input_sample'])(
        dict(inputs=inputs))['inputs']
    assert out['input_sample'].unique().tolist() == [0]
    assert out['a'].min() >= -1 and out['a'].max() <= 1
    out = GANDataPreprocessor()(dict(inputs=inputs))['inputs']
    assert out['input_sample'].unique().tolist() == [-1]
    assert GANDataPreprocessor(non_concentate_keys=['scale'])(
        dict(inputs=dict(scale=[3, 3])))['inputs']['scale'] == 3


def test_data_samples_come_through():
    samples = [GenDataSample().set_gt_label(i) for i in (3, 1)]
    out = GANDataPreprocessor()(
        dict(inputs=images(), data_samples=samples))['data_samples']
    assert out == samples
    assert [s.gt_label.label.tolist() for s in out] == [[3], [1]]


def test_labels_follow_to_the_device():
    samples = [GenDataSample().set_gt_label(3), GenDataSample()]
    preprocessor = GANDataPreprocessor().to('meta')
    out = preprocessor(dict(inputs=images(), data_samples=samples))
    assert out['inputs']['img'].device.type == 'meta'
    assert out['data_samples'][0].gt_label.label.shape == (1, )
    assert out['data_samples'][0].gt_label.label.device.type == 'meta'


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs CUDA')
def test_the_gpu_computes_the_same():
    samples = [GenDataSample().set_gt_label(i) for i in (3, 1)]
    preprocessor = GANDataPreprocessor().cuda()
    out = preprocessor(
        dict(inputs=images().pin_memory(), data_samples=samples))
    assert torch.equal(out['inputs']['img'].cpu(),
                       prepared(GANDataPreprocessor(), images()))
    labels = [s.gt_label.label for s in out['data_samples']]
    assert [label.item() for label in labels] == [3, 1]
    assert all(label.is_cuda for label in labels)
    back = preprocessor.to_uint8_rgb(out['inputs']['img'])
    assert torch.equal(back.cpu(), images().flip(1))


@pytest.mark.parametrize('setting', [
    {}, dict(mean=None, std=None), dict(mean=[1., 2, 3], std=[4., 5, 6])
])
@pytest.mark.parametrize('order', [
    {}, dict(bgr_to_rgb=True), dict(rgb_to_bgr=True)
])
def test_the_way_back_gives_the_pixels_as_rgb(setting, order):
    preprocessor = GANDataPreprocessor(**setting, **order)
    data_is_rgb = 'rgb_to_bgr' in order
    back = preprocessor.to_uint8_rgb(prepared(preprocessor, images()))
    assert back.dtype == torch.uint8
    assert torch.equal(back, images() if data_is_rgb else images().flip(1))


def test_the_way_back_rounds_and_clips():
    preprocessor = GANDataPreprocessor()
    values = torch.tensor([-2., -1, -0.999, 0, 0.5, 1, 1.1])
    out = preprocessor.to_uint8_rgb(values.view(1, 1, 1, 7))
    expected = np.floor(np.clip(values.numpy() * 127.5 + 128, 0, 255))
    assert out.shape == (1, 3, 1, 7)
    assert out[0, 0, 0].tolist() == out[0, 2, 0].tolist()
    assert out[0, 0, 0].tolist() == expected.astype(int).tolist()


@pytest.mark.parametrize('setting, expected', [
    ({}, [128, 255, 0]), (dict(mean=None, std=None), [0, 255, 0]),
    (dict(mean=[9.], std=[4.]), [9, 255, 0]),
])
def test_nan_goes_back_as_zero_and_infinities_as_the_ends(setting, expected):
    values = torch.tensor([float('nan'), float('inf'), -float('inf')])
    out = GANDataPreprocessor(**setting).to_uint8_rgb(values.view(1, 1, 1, 3))
    assert out[0, 0, 0].tolist() == expected
    assert values.isnan().tolist() == [True, False, False]  # not changed


@pytest.mark.parametrize('setting', [
    {}, dict(mean=None, std=None), dict(mean=[1., 2, 3], std=[4., 5, 6])
])
@pytest.mark.parametrize('order', [{}, dict(bgr_to_rgb=True)])
def test_float_levels_are_what_pixels_are_rounded_from(setting, order):
    preprocessor = GANDataPreprocessor(**setting, **order)
    values = torch.randn(2, 3, 4, 4) * 2
    levels = preprocessor.to_float_rgb(values)
    assert torch.equal((levels + 0.5).clamp(0, 255).to(torch.uint8),
                       preprocessor.to_uint8_rgb(values))
    close = preprocessor.to_float_rgb(values + 1e-4)
    std = torch.tensor(setting.get('std', [127.5] * 3) or [1.0] * 3)
    std = std if order else std.flip(0)
    torch.testing.assert_close(
        close - levels, (1e-4 * std.view(3, 1, 1)).expand_as(levels),
        rtol=0.5, atol=0)
    assert levels.min() < 0 or levels.max() > 255 or setting
    grey = GANDataPreprocessor().to_float_rgb(values[:, :1])
    assert torch.equal(grey[:, 0], grey[:, 2])


def test_statistics_are_not_part_of_a_checkpoint():
    assert not GANDataPreprocessor().state_dict()


@pytest.mark.parametrize('name', ['GANDataPreprocessor', 'GenDataPreprocessor'])
def test_both_names_are_registered(name):
    with DefaultScope.overwrite_default_scope('mmgen'):
        assert isinstance(MODELS.build(dict(type=name)), GANDataPreprocessor)


@pytest.mark.parametrize('setting, words', [
    (dict(bgr_to_rgb=True, rgb_to_bgr=True), 'are both set'),
    (dict(mean=[1.0]), 'expected as many numbers in both'),
    (dict(mean=None), 'expected as many numbers in both'),
    (dict(mean=[0.0], std=[0.0]), 'expected numbers above 0'),
])
def test_settings_that_contradict_are_refused(setting, words):
    with pytest.raises(ValueError, match=words):
        GANDataPreprocessor(**setting)


@pytest.mark.parametrize('setting, inputs, words', [
    ({}, [images()[0], images(width=7)[0]],
     r'different shapes.*\(3, 5, 6\), \(3, 5, 7\).*set pad_size_divisor'),
    (dict(pad_size_divisor=2), [images()[0], images(channels=1)[0]],
     'different shapes'),
    (dict(mean=[1., 2, 3], std=[4., 5, 6]), images(channels=1),
     'images with 1 channels .*are for 3'),
    (dict(mean=[1., 2], std=[4., 5]), images(), 'images with 3 channels'),
    (dict(rgb_to_bgr=True), images(channels=4), 'cannot change between'),
    ({}, dict(num_batches=[2, 3]), r'different num_batches: \[2, 3\]'),
])
def test_images_that_do_not_fit_are_refused(setting, inputs, words):
    with pytest.raises(ValueError, match=words):
        GANDataPreprocessor(**setting)(dict(inputs=inputs))


@pytest.mark.parametrize('data, words', [
    ([images()], 'got a list, expected dict'),
    (dict(img=images()), 'end with PackGenInputs'),
    (dict(inputs=images()[0]), r'a tensor of shape \[3, 5, 6\], expected'),
    (dict(inputs=[]), 'the images are a list'),
    (dict(inputs=dict(img=3)), 'the images are a int'),
])
def test_a_batch_of_another_form_is_refused(data, words):
    with pytest.raises(TypeError, match=words):
        GANDataPreprocessor()(data)


def test_only_grey_and_colour_go_back():
    with pytest.raises(ValueError, match=r'shape \[2, 4, 5, 6\], expected'):
        GANDataPreprocessor().to_uint8_rgb(torch.zeros(2, 4, 5, 6))
    with pytest.raises(ValueError, match=r'shape \[2, 4, 5, 6\], expected'):
        GANDataPreprocessor().to_float_rgb(torch.zeros(2, 4, 5, 6))
