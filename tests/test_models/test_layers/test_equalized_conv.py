"""Equalised convolutions that change the resolution, against two steps."""
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgen.models.layers import (EqualizedLRConvDownModule,
                                 EqualizedLRConvModule,
                                 EqualizedLRConvUpModule,
                                 EqualizedLRLinearModule, PixelNorm)
from mmgen.models.layers.equalized_conv import (NearestUpConv2d,
                                                overlapping_sum)
from mmgen.registry import MODELS

LEAKY = dict(type='LeakyReLU', negative_slope=0.2)
FUSED_UP = dict(type='fused_nn')


def inputs(channels=3, side=5):
    torch.manual_seed(1)
    return torch.randn(2, channels, side, side)


def test_overlapping_sum():
    kernel = torch.tensor([[1., 2.], [3., 4.]])
    assert overlapping_sum(kernel).tolist() == [
        [1, 3, 2], [4, 10, 6], [3, 7, 4]]


def test_convolution_formula_and_order():
    torch.manual_seed(0)
    module = EqualizedLRConvModule(
        3, 4, 3, padding=1, bias=True, norm_cfg=dict(type='PixelNorm'),
        act_cfg=LEAKY, order=('conv', 'act', 'norm'))
    nn.init.normal_(module.conv.bias)
    assert set(module.state_dict()) == {'conv.weight_orig', 'conv.bias'}
    x = inputs()
    y = F.conv2d(x, module.conv.weight_orig * (2 / 27)**0.5, module.conv.bias,
                 padding=1)
    torch.testing.assert_close(module(x), PixelNorm()(F.leaky_relu(y, 0.2)))


def test_bias_auto_is_for_layers_without_normalisation():
    assert EqualizedLRConvModule(3, 4, 1).conv.bias is not None
    normed = EqualizedLRConvModule(3, 4, 1, norm_cfg=dict(type='BN'))
    assert normed.conv.bias is None


def test_fused_upsampling_is_nearest_and_a_convolution():
    """With weights [in, out], flipped, and a scale by the channels out."""
    torch.manual_seed(0)
    module = EqualizedLRConvUpModule(
        3, 6, 3, upsample=FUSED_UP, act_cfg=LEAKY)
    nn.init.normal_(module.conv.bias)
    weight = module.conv.weight_orig
    assert weight.shape == (3, 6, 3, 3)
    kernel = weight.transpose(0, 1).flip(2, 3) * (2 / (6 * 9))**0.5
    x = inputs()
    big = F.interpolate(x, scale_factor=2)
    y = F.leaky_relu(F.conv2d(big, kernel, module.conv.bias, padding=1), 0.2)
    torch.testing.assert_close(module(x), y)


def test_plain_upsampling_comes_first():
    torch.manual_seed(0)
    module = EqualizedLRConvUpModule(3, 4, 3, padding=1, act_cfg=None)
    plain = EqualizedLRConvModule(3, 4, 3, padding=1, act_cfg=None)
    plain.load_state_dict(module.state_dict())
    x = inputs()
    torch.testing.assert_close(
        module(x), plain(F.interpolate(x, scale_factor=2)))


def test_nearest_and_a_plain_convolution_in_one():
    torch.manual_seed(0)
    layer, x = NearestUpConv2d(3, 4, 3, padding=1), inputs()
    nn.init.normal_(layer.bias)
    weight = layer.weight_orig * (2 / 27)**0.5
    big = F.interpolate(x, scale_factor=2)
    torch.testing.assert_close(
        layer(x), F.conv2d(big, weight, layer.bias, padding=1))


def test_fused_downsampling_is_a_convolution_and_an_average():
    torch.manual_seed(0)
    module = EqualizedLRConvDownModule(3, 4, 3, act_cfg=None)
    plain = EqualizedLRConvModule(3, 4, 3, padding=1, act_cfg=None)
    plain.load_state_dict(module.state_dict())
    x = inputs(side=6)
    torch.testing.assert_close(module(x), F.avg_pool2d(plain(x), 2))


def test_other_downsampling_comes_last():
    class Corner(nn.Module):
        def forward(self, x):
            return x[:, :, ::2, ::2]

    MODELS.register_module(module=Corner, name='Corner')
    try:
        module = EqualizedLRConvDownModule(
            3, 4, 3, padding=1, downsample=dict(type='Corner'))
    finally:
        MODELS.module_dict.pop('Corner')
    plain = EqualizedLRConvModule(3, 4, 3, padding=1)
    plain.load_state_dict(module.state_dict())
    x = inputs(side=6)
    assert torch.equal(module(x), plain(x)[:, :, ::2, ::2])


def test_linear():
    layer = MODELS.build(dict(
        type='EqualizedLRLinearModule', in_features=8, out_features=2,
        equalized_lr_cfg=dict(gain=1.0)))
    x = torch.randn(3, 8)
    torch.testing.assert_close(
        layer(x), x @ layer.weight_orig.T / 8**0.5)


@pytest.mark.parametrize('make', [
    lambda **kw: EqualizedLRConvModule(3, 4, 3, **kw),
    lambda **kw: EqualizedLRConvUpModule(3, 4, 3, upsample=FUSED_UP, **kw),
    lambda **kw: EqualizedLRConvDownModule(3, 4, 3, **kw),
])
def test_refusals(make):
    with pytest.raises(ValueError, match="order=.*expected each of 'conv'"):
        make(order=('conv', 'act'))
    with pytest.raises(ValueError, match="conv_cfg=.*DCN"):
        make(conv_cfg=dict(type='DCN'))
    with pytest.raises(ValueError, match="mode='fan_in' only"):
        make(equalized_lr_cfg=dict(mode='fan_out'))
    make(equalized_lr_cfg=dict(mode='fan_in', gain=1.0, lr_mul=0.5))


def test_linear_refuses_another_mode():
    with pytest.raises(ValueError, match='EqualizedLRLinearModule: equal'):
        EqualizedLRLinearModule(3, 2, equalized_lr_cfg=dict(mode='fan_out'))


def test_transposed_convolution_may_be_named():
    module = EqualizedLRConvUpModule(
        3, 4, 3, stride=2, padding=1, upsample=FUSED_UP,
        conv_cfg=dict(type='deconv'))
    assert module(inputs()).shape == (2, 4, 10, 10)
