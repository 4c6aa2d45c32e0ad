"""Biased activations against recorded numbers and written-out formulas."""
import math

import pytest
import torch
from recorded_numbers import RecordedNumbers
from torch.autograd import gradcheck, gradgradcheck

from mmgen.ops import ACTIVATIONS, bias_act

NUMBERS = RecordedNumbers('resample_ops')


@pytest.mark.parametrize('name', ACTIVATIONS)
def test_recorded_numbers(name):
    x, bias = NUMBERS.input('x'), NUMBERS.input('b')
    NUMBERS.check(f'bias_act_{name}', bias_act(x, bias, name))


def test_clamp_alpha_and_gain():
    x, bias = NUMBERS.input('x'), NUMBERS.input('b')
    NUMBERS.check('bias_act_clamp', bias_act(
        x, bias, 'lrelu', alpha=0.1, gain=2, clamp=0.5))


def test_formula_by_hand():
    x = torch.tensor([[-1.0, 2.0]])
    out = bias_act(x, torch.tensor([0.5, -1.0]), 'lrelu')
    assert out.tolist()[0] == pytest.approx(
        [-0.5 * 0.2 * math.sqrt(2), math.sqrt(2)])


def test_bias_of_another_axis():
    x = torch.zeros(2, 3)
    assert bias_act(x, torch.tensor([1.0, 2.0]), dim=0).tolist() == [
        [1, 1, 1], [2, 2, 2]]


@pytest.mark.parametrize('name', ACTIVATIONS)
def test_two_derivatives(name):
    x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)

    def act(x, bias):
        return bias_act(x, bias, name, clamp=2.5)

    assert gradcheck(act, (x, bias))
    assert gradgradcheck(act, (x, bias))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_type_of_the_input_is_kept(dtype):
    x, bias = torch.randn(2, 3, 4, 4), torch.randn(3)
    half = bias_act(x.to(dtype), bias, 'swish')
    assert half.dtype == dtype
    torch.testing.assert_close(
        half.float(), bias_act(x, bias, 'swish'), rtol=0.05, atol=0.05)


def test_unknown_activation_and_wrong_bias_are_refused():
    with pytest.raises(ValueError, match="act='gelu', expected one of"):
        bias_act(torch.zeros(1, 2), act='gelu')
    with pytest.raises(ValueError, match=r'bias has shape \[3\], expected '
                       r'\[2\]'):
        bias_act(torch.zeros(1, 2), torch.zeros(3))
