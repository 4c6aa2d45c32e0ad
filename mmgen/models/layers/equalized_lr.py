"""Layers with an equalised learning rate.

Karras et al. 2017, arXiv:1710.10196, section 4.1: weights are kept at unit
variance and scaled at run time by He's constant ``gain / sqrt(fan_in)``, so
that an optimiser which normalises its steps (Adam) moves all layers at the
same relative speed. ``lr_mul`` slows a layer down beyond that (Karras et al.
2018, arXiv:1812.04948, appendix C: 0.01 in the mapping network): the kept
weight is larger by ``1 / lr_mul`` and scaled back.
"""
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _EqualizedLR(nn.Module):
    """Mixed into a layer with ``weight`` and ``bias``."""

    def equalize(self, gain: float, lr_mul: float) -> None:
        """Set up; called once, at the end of ``__init__``.

        The weight gets the name that published state dicts have for it.
        """
        weight = self.weight
        del self.weight
        # [out, in, ...], of a transposed convolution [in, out, ...].
        fan_in = prod(weight.shape[1:])
        if isinstance(self, nn.ConvTranspose2d):
            fan_in = len(weight) * prod(weight.shape[2:])
        self.register_parameter('weight_orig', weight)
        self.weight_scale = gain * lr_mul / fan_in**0.5
        self.lr_mul = lr_mul
        nn.init.normal_(weight, std=1 / lr_mul)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def scaled(self, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Weight and bias as the layer uses them, in ``dtype``."""
        weight = (self.weight_orig * self.weight_scale).to(dtype)
        if self.bias is None:
            return weight, None
        bias = self.bias if self.lr_mul == 1 else self.bias * self.lr_mul
        return weight, bias.to(dtype)

    def extra_repr(self) -> str:
        return f'{super().extra_repr()}, lr_mul={self.lr_mul}'


class EqualizedLRConv2d(_EqualizedLR, nn.Conv2d):
    """A convolution; ``gain`` and ``lr_mul`` as above."""

    def __init__(self, *args, gain: float = 2**0.5, lr_mul: float = 1.0,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.equalize(gain, lr_mul)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, *self.scaled(x.dtype))


class EqualizedLRConvTranspose2d(_EqualizedLR, nn.ConvTranspose2d):
    """A transposed convolution; ``gain`` and ``lr_mul`` as above."""

    def __init__(self, *args, gain: float = 2**0.5, lr_mul: float = 1.0,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.equalize(gain, lr_mul)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.scaled(x.dtype)
        return F.conv_transpose2d(x, weight, bias, self.stride, self.padding,
                                  self.output_padding)


class EqualizedLRLinear(_EqualizedLR, nn.Linear):
    """A linear layer; ``gain`` and ``lr_mul`` as above."""

    def __init__(self, *args, gain: float = 2**0.5, lr_mul: float = 1.0,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.equalize(gain, lr_mul)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, *self.scaled(x.dtype))
