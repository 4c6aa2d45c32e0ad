"""The resampler against recorded numbers and the plain definition."""
import itertools

import pytest
import torch
from recorded_numbers import RecordedNumbers
from torch.autograd import gradcheck, gradgradcheck

from mmgen.ops import fir_kernel, upfirdn2d

NUMBERS = RecordedNumbers('resample_ops')
SETTINGS = [
    dict(),
    dict(up=2, pad=(2, 1)),
    dict(down=2, pad=1),
    dict(up=2, down=3, pad=(3, 2, 1, 4), gain=2.0),
    dict(up=3, down=2, pad=(-1, 3, 2, -2), flip=True),
    dict(pad=(-1, 2, 0, 3), flip=True),
]


def by_definition(x, kernel, up=1, down=1, pad=(0, 0, 0, 0), flip=False,
                  gain=1.0):
    """Zeros inserted, padded or cropped, convolved pixel by pixel."""
    if isinstance(pad, int):
        pad = (pad, ) * 4
    left, right, top, bottom = pad if len(pad) == 4 else (*pad, *pad)
    n, c, h, w = x.shape
    spread = x.new_zeros(n, c, h * up, w * up)
    spread[:, :, ::up, ::up] = x
    spread = torch.nn.functional.pad(spread, (left, right, top, bottom))
    if not flip:
        kernel = kernel.flip([0, 1])
    kh, kw = kernel.shape
    height, width = spread.shape[2] - kh + 1, spread.shape[3] - kw + 1
    out = x.new_zeros(n, c, height, width)
    for i, j in itertools.product(range(kh), range(kw)):
        out += kernel[i, j] * spread[:, :, i:i + height, j:j + width]
    return gain * out[:, :, ::down, ::down]


def test_recorded_numbers():
    x, fir = NUMBERS.input('x'), NUMBERS.input('fir')
    kernel = fir_kernel([1, 3, 3, 1])
    NUMBERS.check('upfirdn_0', upfirdn2d(x, fir, up=2, pad=(2, 1, 2, 1)))
    NUMBERS.check('upfirdn_1', upfirdn2d(x, fir, down=2, pad=1))
    NUMBERS.check('upfirdn_2', upfirdn2d(
        x, fir, up=2, down=3, pad=(3, 2, 1, 4), gain=2))
    NUMBERS.check('upfirdn_3', upfirdn2d(
        x, fir, pad=(-1, 2, 0, 3), flip=True))
    NUMBERS.check('filter2d', upfirdn2d(x, kernel, pad=(2, 1)))
    NUMBERS.check('upsample2d', upfirdn2d(
        x, kernel, up=2, pad=(2, 1), gain=4))
    NUMBERS.check('downsample2d', upfirdn2d(x, kernel, down=2, pad=1))
    NUMBERS.check('sg2_blur_up', upfirdn2d(x, 4 * kernel, pad=1))


def test_recorded_filters():
    NUMBERS.check('setup_filter_1331', fir_kernel([1, 3, 3, 1]))
    NUMBERS.check('setup_filter_sep', fir_kernel([1, 3, 3, 1, 2, 5, 3, 1]))
    NUMBERS.check('setup_filter_gain', fir_kernel([1, 2, 1], flip=True, gain=4))


@pytest.mark.parametrize('settings', SETTINGS)
def test_is_the_definition(settings):
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64)
    kernel = torch.randn(4, 3, dtype=torch.float64)
    torch.testing.assert_close(
        upfirdn2d(x, kernel, **settings),
        by_definition(x, kernel, **settings))


@pytest.mark.parametrize('settings', SETTINGS)
def test_separable_filter_is_its_outer_product(settings):
    x = torch.randn(2, 3, 9, 8, dtype=torch.float64)
    taps = torch.randn(5, dtype=torch.float64)
    torch.testing.assert_close(
        upfirdn2d(x, taps, **settings),
        upfirdn2d(x, taps.outer(taps), **settings))


@pytest.mark.parametrize('settings', SETTINGS)
def test_two_derivatives(settings):
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(3, 2, dtype=torch.float64)

    def resample(x):
        return upfirdn2d(x, kernel, **settings).sin()

    assert gradcheck(resample, x)
    assert gradgradcheck(resample, x)


@pytest.mark.parametrize('taps, settings', [
    (12, dict(up=2, pad=(9, 8))), (24, dict(up=4, pad=(-6, -9))),
    (12, dict(up=2, pad=(-6, -7))), (12, dict(down=2)),
    (7, dict(up=3, down=2, pad=(4, -5, -8, 2))),
])
def test_gradients_are_those_of_inserted_zeros(taps, settings):
    """At the sizes of StyleGAN3's filters; first and second derivatives."""
    x = torch.randn(2, 3, 16, 15, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(taps, dtype=torch.float64)
    results = []
    for out in (upfirdn2d(x, kernel, **settings),
                by_definition(x, kernel.outer(kernel), **settings)):
        first, = torch.autograd.grad(out.sin().sum(), x, create_graph=True)
        second, = torch.autograd.grad(first.square().sum(), x)
        results.append((out, first, second))
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize('dtype, tolerance', [
    (torch.bfloat16, 0.05), (torch.float16, 0.01)])
@pytest.mark.parametrize('settings', SETTINGS)
def test_half_precision_and_channels_last(settings, dtype, tolerance):
    x = torch.randn(2, 8, 8, 8)
    kernel = fir_kernel([1, 3, 3, 1])
    full = upfirdn2d(x, kernel, **settings)
    last = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(upfirdn2d(last, kernel, **settings), full)
    half = upfirdn2d(x.to(dtype), kernel, **settings)
    assert half.dtype == dtype
    torch.testing.assert_close(
        half.float(), full, rtol=0, atol=tolerance * full.abs().max().item())


def test_compiles_in_one_graph():
    x, kernel = torch.randn(2, 3, 8, 8), fir_kernel([1, 3, 3, 1])

    def both(x):
        x = upfirdn2d(x, kernel, up=2, pad=(2, 1), gain=4)
        return upfirdn2d(x, kernel, down=2, pad=1)

    compiled = torch.compile(both, backend='eager', fullgraph=True)
    torch.testing.assert_close(compiled(x), both(x))


def test_brightness_is_kept():
    x, kernel = torch.full((1, 1, 8, 8), 0.7), fir_kernel([1, 3, 3, 1])
    up = upfirdn2d(x, kernel, up=2, pad=(2, 1), gain=4)
    torch.testing.assert_close(up[:, :, 2:-2, 2:-2],
                               torch.full((1, 1, 12, 12), 0.7))


@pytest.mark.parametrize('change, words', [
    (dict(pad=-3), 'smaller than the kernel'),
    (dict(pad=(1, 2, 3)), 'expected one, two or four numbers'),
    (dict(up=0), 'up=0 and down=1, expected factors of at least 1'),
    (dict(kernel=torch.ones(1, 2, 3)), 'the kernel \\[1, 2, 3\\]'),
])
def test_nonsense_is_refused(change, words):
    settings = {**dict(x=torch.zeros(1, 1, 6, 6), kernel=torch.ones(4, 4)),
                **change}
    with pytest.raises(ValueError, match=words):
        upfirdn2d(**settings)


def test_taps_of_three_axes_are_refused():
    with pytest.raises(ValueError, match='fir_kernel: taps have shape'):
        fir_kernel(torch.ones(2, 2, 2))
