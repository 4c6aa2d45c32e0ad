"""The modulated convolution against the definition, image by image."""
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from golden_numbers import _value
from recorded_numbers import RecordedNumbers

from mmgen.models.layers.modulated_conv import (ModulatedConv2d,
                                                modulated_conv)
from mmgen.ops import fir_kernel, upfirdn2d

KINDS = dict(
    plain=dict(kernel_size=3),
    up=dict(kernel_size=3, upsample=True),
    down=dict(kernel_size=3, downsample=True),
    nodemod=dict(kernel_size=3, demodulate=False),
    k1=dict(kernel_size=1))


def build(kind, in_channels=6, out_channels=7, style_channels=5):
    torch.manual_seed(0)
    return ModulatedConv2d(
        in_channels, out_channels, style_channels=style_channels,
        **KINDS[kind])


def image_by_image(layer, x, style):
    """Equations 1 and 3, and a grouped convolution with a kernel an image."""
    n, c = x.shape[:2]
    factors = layer.style_modulation(style)
    w = layer.weight_orig * layer.weight_scale
    w = w * factors[:, None, :, None, None]
    if layer.demodulate:
        w = w / (w.square().sum((2, 3, 4), keepdim=True) + layer.eps).sqrt()
    k = w.shape[-1]
    joined = x.reshape(1, n * c, *x.shape[2:])
    kernel = fir_kernel([1, 3, 3, 1]).to(x)
    if layer.upsample:
        w = w.transpose(1, 2).reshape(n * c, -1, k, k)
        out = F.conv_transpose2d(joined, w, stride=2, groups=n)
        out = upfirdn2d(out, 4 * kernel, pad=(1, 1))
    elif layer.downsample:
        out = F.conv2d(upfirdn2d(joined, kernel, pad=(2, 2)),
                       w.flatten(0, 1), stride=2, groups=n)
    else:
        out = F.conv2d(joined, w.flatten(0, 1), padding=k // 2, groups=n)
    return out.reshape(n, -1, *out.shape[2:])


def derivatives(function, layer, x, style):
    """The output, its gradients, and those of the gradients' lengths."""
    x, style = (value.clone().requires_grad_() for value in (x, style))
    inputs = [x, style, *layer.parameters()]
    out = function(x, style)
    shape = torch.linspace(-1, 2, out.numel(), dtype=out.dtype)
    first = torch.autograd.grad(
        (out.sin() * shape.view_as(out)).sum(), inputs, create_graph=True)
    second = torch.autograd.grad(
        sum(g.square().sum() for g in first[:2]), inputs)
    return [out, *first, *second]


@pytest.mark.parametrize('dtype, tolerance', [
    (torch.float32, 1e-5), (torch.float64, 1e-10)])
@pytest.mark.parametrize('kind', KINDS)
def test_is_the_definition_up_to_the_second_derivative(kind, dtype, tolerance):
    layer = build(kind).to(dtype)
    x = torch.randn(3, 6, 8, 8, dtype=dtype)
    style = torch.randn(3, 5, dtype=dtype)
    ours = derivatives(layer, layer, x, style)
    theirs = derivatives(
        lambda *args: image_by_image(layer, *args), layer, x, style)
    for a, b in zip(ours, theirs):
        assert (a - b).abs().max() <= tolerance * b.abs().max()


@pytest.mark.parametrize('kind', KINDS)
def test_recorded_numbers(kind):
    recorded = RecordedNumbers('modulated_conv')
    layer = build(kind)
    shapes = {**dict(recorded.meta['weights']['keys']),
              'weight_orig': [1, *layer.weight_orig.shape]}
    layer.load_state_dict({
        key: torch.from_numpy(_value(key, shape, 1.0, [])).float()
        for key, shape in shapes.items()
    }, strict=False)
    recorded.check(kind, layer(recorded.input('x'), recorded.input('s')))


def test_inputs_of_unit_variance_stay_so():
    """What demodulation is for (section 2.2)."""
    layer = build('plain', in_channels=64, out_channels=64)
    out = layer(torch.randn(4, 64, 32, 32), torch.randn(4, 5))
    assert out.var().item() == pytest.approx(1, rel=0.1)


def test_half_precision_stays_in_range():
    """Weights and styles that would carry sums beyond 65504."""
    layer = build('plain', in_channels=64, out_channels=64)
    with torch.no_grad():
        layer.weight_orig.mul_(1000)
        layer.style_modulation.bias.fill_(100)
    x, style = 256 * torch.rand(2, 64, 8, 8), torch.randn(2, 5)
    expected = layer(x, style)
    half = layer(x.half(), style)
    assert half.dtype == torch.float16
    assert (half.float() - expected).abs().max() < 0.01 * expected.abs().max()


def test_half_precision_stays_in_range_where_all_values_add_up():
    """Clamped activations of 256 in 512 channels of nine pixels each."""
    x = torch.full((1, 512, 4, 4), 256.0, dtype=torch.float16)
    out = modulated_conv(
        x, torch.ones(2, 512, 3, 3), torch.ones(1, 512),
        partial(F.conv2d, padding=1))
    # 4608 times 256, divided by the root of 4608.
    assert out[0, 0, 1, 1].item() == pytest.approx(256 * 4608**0.5, rel=5e-3)


def test_style_is_one_at_the_start():
    layer = build('plain')
    assert torch.equal(layer.style_modulation.bias, torch.ones(6))
    x = torch.randn(2, 6, 8, 8)
    w = layer.weight_orig
    expected = F.conv2d(x, w / w.flatten(1).norm(dim=1)[:, None, None, None],
                        padding=1)
    torch.testing.assert_close(
        layer(x, torch.zeros(2, 5)), expected, rtol=1e-4, atol=1e-5)
