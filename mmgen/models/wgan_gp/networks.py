"""The generator and discriminator of WGAN-GP.

Gulrajani et al. 2017, arXiv:1704.00028, propose no network of their own. These
are of the kind with which Karras et al. 2017, arXiv:1710.10196, compare the
method: pairs of convolutions between nearest neighbour upsampling, or average
pooling, with batch norm in the generator. The discriminator has a
normalisation of each image by itself, because the penalty is one of each image
by itself (WGAN-GP, section 4, "No critic batch normalization"). Widths and
order are those of the published checkpoints.
"""
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.models.layers import (NoiseGenerator, check_conv_cfg, check_images,
                                 check_order, conv_layer, make_activation,
                                 make_norm, make_upsample, named_parts)
from mmgen.registry import MODELS, MODULES

# Side of a feature map -> its channels, in units of base_channels.
WIDTHS = {4: 16, 8: 16, 16: 8, 32: 4, 64: 2, 128: 1}

# What conv_module_cfg changes.
GEN_CONV = dict(
    kernel_size=3,
    padding=1,
    norm_cfg=dict(type='BN'),
    act_cfg=dict(type='ReLU'),
    order=('conv', 'norm', 'act'))
DISC_CONV = dict(
    kernel_size=3,
    padding=1,
    norm_cfg=dict(type='LN2d'),
    act_cfg=dict(type='LeakyReLU', negative_slope=0.2),
    order=('conv', 'norm', 'act'))


@MODULES.register_module()
class WGANNoiseTo2DFeat(nn.Module):
    """Noise to a feature map of 4x4 pixels.

    Args:
        noise_size: Size ``Z`` of the noise.
        out_channels: Channels ``C`` of the feature map.
        act_cfg: Activation; None for none.
        norm_cfg: Normalisation; None for none.
        order: ``'linear'``, and behind it ``'act'`` and ``'norm'`` in either
            order.

    Raises:
        ValueError: Another order.
    """

    def __init__(self,
                 noise_size: int,
                 out_channels: int,
                 act_cfg: dict | None = dict(type='ReLU'),
                 norm_cfg: dict | None = dict(type='BN'),
                 order: Sequence[str] = ('linear', 'act', 'norm')) -> None:
        super().__init__()
        check_order(order, ('linear', 'act', 'norm'),
                    owner=type(self).__name__)
        if order[0] != 'linear':
            raise ValueError(
                f'{type(self).__name__}: order={tuple(order)}, but noise has '
                "no channels to be normalised: expected 'linear' first.")
        self.linear = nn.Linear(noise_size, out_channels * 4 * 4, bias=False)
        self.bias = nn.Parameter(torch.zeros(1, out_channels, 1, 1))
        self.act = nn.Identity() if act_cfg is None \
            else make_activation(act_cfg)
        self.norm = nn.Identity() if norm_cfg is None \
            else make_norm(norm_cfg, out_channels)[1]
        self.norm_is_last = order[-1] == 'norm'

    def forward(self, z: Tensor) -> Tensor:
        """``[N, Z]`` to ``[N, C, 4, 4]``."""
        x = self.linear(z).unflatten(1, (-1, 4, 4)) + self.bias
        if self.norm_is_last:
            return self.norm(self.act(x))
        return self.act(self.norm(x))


@MODELS.register_module()
class ConvLNModule(nn.Sequential):
    """A convolution, a normalisation of each image by itself, an activation.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        conv_cfg: Only ``dict(type='Conv2d')`` or None.
        norm_cfg: ``LN2d``, layer norm over all channels and pixels with a
            scale and a shift for each of them; or ``GN``, group norm, with
            one group unless ``num_groups`` says otherwise: the same with a
            scale and a shift for each channel. None for none.
        act_cfg: Activation; None for none.
        order: ``'conv'``, ``'norm'`` and ``'act'``, the convolution before
            the normalisation.
        feature_shape: ``[C, H, W]`` behind the convolution; only LN2d asks.
        **conv: Further arguments of `torch.nn.Conv2d`.

    Raises:
        ValueError: Another order, another normalisation, or LN2d without a
            shape.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 kernel_size: int,
                 conv_cfg: dict | None = None,
                 norm_cfg: dict | None = None,
                 act_cfg: dict | None = dict(type='ReLU'),
                 order: Sequence[str] = ('conv', 'norm', 'act'),
                 feature_shape: Sequence[int] | None = None,
                 **conv: Any) -> None:
        owner = type(self).__name__
        check_conv_cfg(conv_cfg, 'Conv2d', owner=owner)
        check_order(order, ('conv', 'norm', 'act'), owner=owner)
        if order.index('norm') < order.index('conv'):
            raise ValueError(
                f"{owner}: order={tuple(order)}, expected 'conv' before "
                "'norm': what is normalised is the convolution's output.")
        norm = None
        if norm_cfg is not None:
            norm = image_norm(
                norm_cfg, out_channels, feature_shape, owner=owner)
        super().__init__(
            named_parts(
                nn.Conv2d(in_channels, out_channels, kernel_size, **conv),
                norm, act_cfg, order))


def image_norm(cfg: dict, channels: int, shape: Sequence[int] | None, *,
               owner: str) -> tuple[str, nn.Module]:
    """The normalisation of a `ConvLNModule`, with its published name."""
    settings = dict(cfg)
    name = settings.pop('type')
    if name == 'GN':
        return name, nn.GroupNorm(
            num_channels=channels, **{'num_groups': 1, **settings})
    if name != 'LN2d':
        raise ValueError(
            f'{owner}: norm_cfg has type={name!r}, expected \'LN2d\' or '
            "'GN'; statistics over a batch do not go with the gradient "
            'penalty.')
    if shape is None:
        raise ValueError(
            f'{owner}: LN2d needs feature_shape, the [C, H, W] behind the '
            "convolution. Give it, or take dict(type='GN').")
    return name, nn.LayerNorm(tuple(shape), **settings)


@MODULES.register_module()
class WGANGPGenerator(NoiseGenerator):
    """Upsampling and pairs of convolutions from noise to an image.

    Args:
        noise_size: Size ``Z`` of the noise.
        out_scale: Side of the image, pixels: 4, 8, 16, 32, 64 or 128.
        conv_module_cfg: What the 3x3 convolutions have otherwise than
            `GEN_CONV`: ``norm_cfg``, ``act_cfg``, ``order``, and arguments of
            `torch.nn.Conv2d`.
        upsample_cfg: Interpolation, see `make_upsample`; None for nearest
            neighbours.
        out_channels: Channels of the image.
        base_channels: Unit of the channel table.
    """

    def __init__(self,
                 noise_size: int,
                 out_scale: int,
                 conv_module_cfg: dict | None = None,
                 upsample_cfg: dict | None = None,
                 out_channels: int = 3,
                 base_channels: int = 32) -> None:
        super().__init__()
        self.noise_size = noise_size
        widths = widths_up_to(
            out_scale, base_channels, 'out_scale', type(self).__name__)
        upsample_cfg = upsample_cfg or dict(type='nearest', scale_factor=2)
        cfg = {**GEN_CONV, **(conv_module_cfg or {})}

        self.noise2feat = WGANNoiseTo2DFeat(noise_size, widths[0])
        self.conv_blocks = nn.Sequential(gen_conv(widths[0], widths[0], **cfg))
        for wide, narrow in pairwise(widths):
            self.conv_blocks.extend([
                make_upsample(upsample_cfg),
                gen_conv(wide, narrow, **cfg),
                gen_conv(narrow, narrow, **cfg)
            ])
        self.to_rgb = conv_layer(
            nn.Conv2d(widths[-1], out_channels, 1),
            norm_cfg=None,
            act_cfg=dict(type='Tanh'))
        init_he(self)

    def forward(self, z: Tensor) -> Tensor:
        """Noise ``[N, Z]`` to images ``[N, C, H, W]``, [-1, 1]."""
        x = self.noise2feat(z)    # [N, 16 base, 4, 4]
        x = self.conv_blocks(x)   # [N, ..., H, W]
        return self.to_rgb(x)


@MODULES.register_module()
class WGANGPDiscriminator(nn.Module):
    """Pairs of convolutions and pooling from an image to a logit.

    Args:
        in_channel: Channels of the image.
        in_scale: Side of the image, pixels: 4, 8, 16, 32, 64 or 128.
        conv_module_cfg: What the convolutions have otherwise than
            `DISC_CONV`; see `ConvLNModule`.
        base_channels: Unit of the channel table.
    """

    def __init__(self,
                 in_channel: int,
                 in_scale: int,
                 conv_module_cfg: dict | None = None,
                 base_channels: int = 32) -> None:
        super().__init__()
        self.in_channels = in_channel
        self.input_scale = in_scale
        widths = widths_up_to(
            in_scale, base_channels, 'in_scale', type(self).__name__)[::-1]
        cfg = {**DISC_CONV, **(conv_module_cfg or {})}

        def conv(channels: int, out_channels: int, out_side: int,
                 **settings: int) -> ConvLNModule:
            return ConvLNModule(
                channels,
                out_channels,
                feature_shape=(out_channels, out_side, out_side),
                **{**cfg, **settings})

        self.from_rgb = conv_layer(
            nn.Conv2d(in_channel, widths[0], 1),
            norm_cfg=None,
            act_cfg=cfg['act_cfg'])
        self.conv_blocks = nn.Sequential()
        side = in_scale
        for narrow, wide in pairwise(widths):
            self.conv_blocks.extend([
                conv(narrow, narrow, side),
                conv(narrow, wide, side),
                nn.AvgPool2d(2)
            ])
            side //= 2
        self.decision = nn.Sequential(
            OrderedDict(
                conv=conv(widths[-1], widths[-1], 1, kernel_size=4, padding=0),
                flatten=nn.Flatten(),
                linear=nn.Linear(widths[-1], 1)))
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Images ``[N, C, H, W]`` to logits ``[N, 1]``."""
        check_images(
            x, self.in_channels, self.input_scale, owner=type(self).__name__)
        x = self.from_rgb(x)
        x = self.conv_blocks(x)   # [N, 16 base, 4, 4]
        return self.decision(x)


def widths_up_to(scale: int, base_channels: int, name: str,
                 owner: str) -> list[int]:
    """Channels at the sides 4, 8, ..., ``scale``."""
    if scale not in WIDTHS:
        raise ValueError(f'{owner}: {name}={scale} has no channel table; '
                         f'known: {", ".join(map(str, WIDTHS))}.')
    return [base_channels * unit for side, unit in WIDTHS.items()
            if side <= scale]


def gen_conv(in_channels: int, out_channels: int, *, norm_cfg: dict | None,
             act_cfg: dict | None, order: Sequence[str],
             conv_cfg: dict | None = None, **conv: Any) -> nn.Sequential:
    """A convolution of the generator, by its ``conv_module_cfg``."""
    check_conv_cfg(conv_cfg, 'Conv2d', owner='WGANGPGenerator')
    return conv_layer(
        nn.Conv2d(in_channels, out_channels, **conv), norm_cfg, act_cfg, order)


def init_he(network: nn.Module) -> None:
    """Weights from N(0, 2 / fan_in), He et al. 2015, arXiv:1502.01852."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
            if module.bias is not None:
                nn.init.zeros_(module.bias)
