"""The filtered nonlinearity against recorded numbers and its parts."""
import torch
from recorded_numbers import RecordedNumbers
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import leaky_relu

from mmgen.ops import filtered_lrelu, fir_kernel, upfirdn2d

NUMBERS = RecordedNumbers('resample_ops')


def test_recorded_numbers():
    x, bias = NUMBERS.input('x'), NUMBERS.input('b')
    fu, fd = NUMBERS.input('fu'), NUMBERS.input('fd')
    NUMBERS.check('filtered_lrelu', filtered_lrelu(
        x, fu, fd, bias, up=2, down=2, pad=(3, 2, 4, 1), gain=1.4, clamp=0.8))


def test_without_filters_it_is_a_leaky_relu():
    x = torch.tensor([-1.0, 3.0]).view(1, 1, 1, 2)
    out = filtered_lrelu(x, gain=1.0, slope=0.25)
    assert out.flatten().tolist() == [-0.25, 3.0]


def test_gain_and_clamp_come_before_the_second_filter():
    x, kernel = torch.randn(1, 2, 6, 6), fir_kernel([1, 3, 3, 1])
    wide = upfirdn2d(x, kernel, up=2, pad=(2, 1), gain=4)
    wide = (1.7 * leaky_relu(wide, 0.1)).clamp(-0.5, 0.5)
    torch.testing.assert_close(
        filtered_lrelu(x, kernel, kernel, up=2, down=2, pad=(2, 1), slope=0.1,
                       gain=1.7, clamp=0.5),
        upfirdn2d(wide, kernel, down=2))


def test_two_derivatives():
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2, dtype=torch.float64, requires_grad=True)
    kernel = fir_kernel([1, 3, 3, 1])

    def resample(x, bias):
        return filtered_lrelu(
            x, kernel, kernel, bias, up=2, down=2, pad=(3, 2)).sin()

    assert gradcheck(resample, (x, bias))
    assert gradgradcheck(resample, (x, bias))
