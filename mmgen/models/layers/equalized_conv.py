"""Convolutions with an equalised learning rate that change the resolution.

Karras et al. 2017, arXiv:1710.10196, table 2: the generator doubles the
resolution by repeating pixels and then convolves, the discriminator convolves
and then averages 2x2 pixels. Either pair is one convolution of stride 2 whose
kernel is four copies of the 3x3 one, shifted by a pixel and added up; that
takes 16 products for four pixels where the pair takes 36.
"""
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers.conv_layer import (PARTS, check_conv_cfg, check_order,
                                            named_parts)
from mmgen.models.layers.equalized_lr import (EqualizedLRConv2d,
                                              EqualizedLRConvTranspose2d,
                                              EqualizedLRLinear)
from mmgen.models.layers.norm import make_norm
from mmgen.models.layers.resample import make_upsample
from mmgen.registry import MODELS

FAN_IN = dict(mode='fan_in')
# Changes of the resolution that are a part of the convolution.
FUSED_NEAREST = dict(type='fused_nn')
FUSED_POOL = dict(type='fused_pool')


def overlapping_sum(kernel: Tensor) -> Tensor:
    """Four copies of a kernel, shifted by a pixel in each direction, added.

    Args:
        kernel: ``[..., k, k]``.

    Returns:
        ``[..., k + 1, k + 1]``.
    """
    kernel = F.pad(kernel, (0, 1, 0, 0)) + F.pad(kernel, (1, 0, 0, 0))
    return F.pad(kernel, (0, 0, 0, 1)) + F.pad(kernel, (0, 0, 1, 0))


class FusedUpConv2d(EqualizedLRConvTranspose2d):
    """Repeats pixels to twice the resolution, then convolves.

    Published weights were trained with a fan-in that counts the channels out,
    so their scale is kept.
    """

    def __init__(self, in_channels: int, out_channels: int, *args: Any,
                 gain: float = 2**0.5, **kwargs: Any) -> None:
        gain *= (in_channels / out_channels)**0.5
        super().__init__(
            in_channels, out_channels, *args, gain=gain, **kwargs)

    def scaled(self, dtype):
        weight, bias = super().scaled(dtype)
        return overlapping_sum(weight), bias


class NearestUpConv2d(EqualizedLRConv2d):
    """The same with the weights of a plain convolution, ``[out, in, k, k]``.

    One transposed convolution, 2.2 to 2.5 times as fast as two steps from 16
    pixels on (one thread, forward and backward).
    """

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', 2H, 2W]``."""
        weight, bias = self.scaled(x.dtype)
        kernel = overlapping_sum(weight.transpose(0, 1).flip(2, 3))
        return F.conv_transpose2d(
            x, kernel, bias, stride=2, padding=self.padding)


class FusedDownConv2d(EqualizedLRConv2d):
    """Convolves, then averages 2x2 pixels."""

    def scaled(self, dtype):
        weight, bias = super().scaled(dtype)
        return overlapping_sum(weight) / 4, bias


@MODELS.register_module()
class EqualizedLRConvModule(nn.Sequential):
    """A convolution, a normalisation and an activation.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        **settings: See `equalized_parts`.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int,
                 **settings: Any) -> None:
        super().__init__(
            equalized_parts(
                EqualizedLRConv2d, in_channels, out_channels, kernel_size,
                **settings))


@MODELS.register_module()
class EqualizedLRConvUpModule(nn.Sequential):
    """The same at twice the resolution.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        upsample: An interpolation that goes first, see `make_upsample`; or
            `FUSED_NEAREST` for nearest neighbours as a part of the
            convolution. ``conv_cfg`` may be ``dict(type='deconv')`` then.
        **settings: See `equalized_parts`.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int,
                 upsample: dict = dict(type='nearest', scale_factor=2),
                 **settings: Any) -> None:
        size = (in_channels, out_channels, kernel_size)
        if upsample == FUSED_NEAREST:
            super().__init__(
                equalized_parts(
                    FusedUpConv2d, *size,
                    **{**fused(kernel_size), **settings}))
        else:
            super().__init__(
                OrderedDict(
                    upsample=make_upsample(upsample),
                    **equalized_parts(EqualizedLRConv2d, *size, **settings)))


@MODELS.register_module()
class EqualizedLRConvDownModule(nn.Sequential):
    """The same at half the resolution.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        downsample: `FUSED_POOL` for averages over 2x2 pixels as a part of the
            convolution; else what goes last, see
            `make_downsample`.
        **settings: See `equalized_parts`.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int,
                 downsample: dict | None = FUSED_POOL,
                 **settings: Any) -> None:
        size = (in_channels, out_channels, kernel_size)
        if downsample == FUSED_POOL:
            super().__init__(
                equalized_parts(
                    FusedDownConv2d, *size,
                    **{**fused(kernel_size), **settings}))
        else:
            super().__init__(
                OrderedDict(
                    **equalized_parts(EqualizedLRConv2d, *size, **settings),
                    downsample=make_downsample(downsample)))


@MODELS.register_module()
class EqualizedLRLinearModule(EqualizedLRLinear):
    """A linear layer.

    Args:
        equalized_lr_cfg: See `equalized_parts`.

    The other arguments are those of `torch.nn.Linear`.
    """

    def __init__(self, *args: Any, equalized_lr_cfg: dict = FAN_IN,
                 **kwargs: Any) -> None:
        super().__init__(
            *args, **kwargs,
            **learning_rate(equalized_lr_cfg, owner=type(self).__name__))


def fused(kernel_size: int) -> dict[str, int]:
    """With these a fused convolution exactly doubles or halves the side."""
    return dict(stride=2, padding=(kernel_size - 1) // 2)


def equalized_parts(layer: type[nn.Module],
                    in_channels: int,
                    out_channels: int,
                    kernel_size: int,
                    *,
                    bias: bool | str = 'auto',
                    conv_cfg: dict | None = None,
                    norm_cfg: dict | None = None,
                    act_cfg: dict | None = dict(type='ReLU'),
                    order: Sequence[str] = ('conv', 'norm', 'act'),
                    equalized_lr_cfg: dict = FAN_IN,
                    **conv: Any) -> OrderedDict[str, nn.Module]:
    """The parts of one of the modules above.

    Args:
        layer: The convolution's class.
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        bias: ``'auto'`` for one where there is no normalisation.
        conv_cfg: Only the one that there is, or None.
        norm_cfg: Normalisation, see `make_norm`; None for none.
        act_cfg: Activation; None for none.
        order: ``'conv'``, ``'norm'`` and ``'act'`` in their order.
        equalized_lr_cfg: ``gain`` and ``lr_mul``, see `equalized_lr`;
            ``mode`` may only be ``'fan_in'``.
        **conv: Further arguments of torch's convolution.

    Raises:
        ValueError: Another order, or another setting of the learning rate.
    """
    owner = layer.__name__
    check_conv_cfg(
        conv_cfg, 'deconv' if layer is FusedUpConv2d else 'Conv2d',
        owner=owner)
    check_order(order, PARTS, owner=owner)
    norm = None
    if norm_cfg is not None:
        behind = order.index('norm') > order.index('conv')
        norm = make_norm(norm_cfg, out_channels if behind else in_channels)
    return named_parts(
        layer(
            in_channels,
            out_channels,
            kernel_size,
            bias=norm is None if bias == 'auto' else bias,
            **learning_rate(equalized_lr_cfg, owner=owner),
            **conv), norm, act_cfg, order)


def learning_rate(cfg: dict, *, owner: str) -> dict[str, float]:
    """``gain`` and ``lr_mul`` of an ``equalized_lr_cfg``."""
    settings = {**FAN_IN, **cfg}
    mode = settings.pop('mode')
    if mode != 'fan_in' or set(settings) - {'gain', 'lr_mul'}:
        raise ValueError(
            f"{owner}: equalized_lr_cfg={cfg}, expected gain, lr_mul and "
            "mode='fan_in' only.")
    return settings


def make_downsample(cfg: dict | None) -> nn.Module:
    """A registered module that halves the resolution; None for averages."""
    return nn.AvgPool2d(2) if cfg is None else MODELS.build(cfg)
