"""The growing generator and discriminator of PGGAN.

Karras, Aila, Laine and Lehtinen 2017, arXiv:1710.10196, figure 2 and table 2.
Both networks have all their layers from the start and are told how much of
them is in use: the side of the images, ``curr_scale``, and while they grow the
share of the newest resolution, ``transition_weight``. Difference from the
paper: at 4x4 pixels the discriminator has no convolution between the statistic
over the batch and the fully connected layers, as published weights were
trained.
"""
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from mmgen.models.layers import (MiniBatchStddevLayer, NoiseGenerator,
                                 PixelNorm, check_images, check_order,
                                 count_doublings, make_activation, make_norm,
                                 make_upsample)
from mmgen.models.layers.equalized_conv import (FUSED_NEAREST, FUSED_POOL,
                                                EqualizedLRConvDownModule,
                                                EqualizedLRConvModule,
                                                EqualizedLRConvUpModule,
                                                EqualizedLRLinearModule,
                                                make_downsample)
from mmgen.registry import MODULES

# Side of the smallest image.
FIRST_SCALE = 4
LEAKY = dict(type='LeakyReLU', negative_slope=0.2)
# What the configs of the convolutions change.
GEN_CONV = dict(
    kernel_size=3,
    padding=1,
    bias=True,
    norm_cfg=dict(type='PixelNorm'),
    act_cfg=LEAKY,
    order=('conv', 'act', 'norm'))
DISC_CONV = dict(kernel_size=3, padding=1, bias=True, act_cfg=LEAKY)
NEAREST = dict(type='nearest', scale_factor=2)
# An image has no activation, so its layer has no gain for one.
TO_RGB = dict(act_cfg=None, equalized_lr_cfg=dict(gain=1.0))


def scales_up_to(scale: int, *, owner: str) -> list[int]:
    """The sides 4, 8, ..., ``scale``."""
    doublings = 0 if scale == FIRST_SCALE else count_doublings(
        FIRST_SCALE, scale, owner=owner)
    return [FIRST_SCALE * 2**i for i in range(doublings + 1)]


def stage_of(curr_scale: int, scales: Sequence[int], *, owner: str) -> int:
    """How often 4 is doubled to give ``curr_scale``.

    Args:
        curr_scale: Side of the images, pixels; not above 0 for the largest.
        scales: All sides that the network has.
        owner: Who asks, for the message.

    Raises:
        ValueError: The network has no such side.
    """
    if curr_scale <= 0:
        return len(scales) - 1
    if curr_scale not in scales:
        raise ValueError(
            f'{owner}: curr_scale={curr_scale}, expected one of '
            f'{", ".join(map(str, scales))}.')
    return scales.index(curr_scale)


def blend(old: Tensor, new: Tensor, weight: float) -> Tensor:
    """``(1 - weight) * old + weight * new``."""
    return old.lerp(new, weight)


@MODULES.register_module()
class PGGANNoiseTo2DFeat(nn.Module):
    """Noise to a feature map of 4x4 pixels.

    Args:
        noise_size: Size ``Z`` of the noise.
        out_channels: Channels ``C`` of the feature map.
        act_cfg: Activation; None for none.
        norm_cfg: Normalisation; None for none.
        normalize_latent: Whether the noise is normalised first.
        order: ``'linear'``, and behind it ``'act'`` and ``'norm'`` in either
            order.

    Raises:
        ValueError: Another order.
    """

    def __init__(self,
                 noise_size: int,
                 out_channels: int,
                 act_cfg: dict | None = LEAKY,
                 norm_cfg: dict | None = dict(type='PixelNorm'),
                 normalize_latent: bool = True,
                 order: Sequence[str] = ('linear', 'act', 'norm')) -> None:
        super().__init__()
        check_order(order, ('linear', 'act', 'norm'),
                    owner=type(self).__name__)
        if order[0] != 'linear':
            raise ValueError(
                f'{type(self).__name__}: order={tuple(order)}, but noise has '
                "no pixels: expected 'linear' first.")
        norm = nn.Identity() if norm_cfg is None \
            else make_norm(norm_cfg, out_channels)[1]
        act = nn.Identity() if act_cfg is None else make_activation(act_cfg)
        self.normalize_latent = PixelNorm() if normalize_latent \
            else nn.Identity()
        # A quarter of the usual gain, as the authors' code has it: the 16
        # pixels share the noise.
        self.linear = EqualizedLRLinearModule(
            noise_size, out_channels * FIRST_SCALE**2, bias=False,
            equalized_lr_cfg=dict(gain=2**0.5 / 4))
        self.bias = nn.Parameter(torch.zeros(1, out_channels, 1, 1))
        self.behind = nn.Sequential(
            *((act, norm) if order[1] == 'act' else (norm, act)))

    def forward(self, z: Tensor) -> Tensor:
        """``[N, Z]`` to ``[N, C, 4, 4]``."""
        x = self.linear(self.normalize_latent(z))
        x = x.unflatten(1, (-1, FIRST_SCALE, FIRST_SCALE))
        return self.behind(x + self.bias.to(x.dtype))


@MODULES.register_module()
class PGGANGenerator(NoiseGenerator):
    """Generator (table 2, left).

    Args:
        noise_size: Size ``Z`` of the noise.
        out_scale: Side of the largest image, pixels: 4, 8, 16, ...
        label_size: ``K``; labels are put behind the noise as one-hot
            vectors. 0 for none.
        base_channels: Twice the channels of the first feature map, had they
            no upper limit; each doubling of the resolution halves them.
        channel_decay: A power of that halving.
        max_channels: The upper limit.
        fused_upconv: Whether the upsampling is a part of the convolution,
            which is less work. Weights of the one kind do not fit the other.
        conv_module_cfg: What the convolutions have otherwise than `GEN_CONV`;
            see `equalized_parts`.
        fused_upconv_cfg: What those that upsample have otherwise than the
            others, if fused.
        upsample_cfg: Interpolation, see `make_upsample`; None for nearest
            neighbours.
    """

    def __init__(self,
                 noise_size: int,
                 out_scale: int,
                 label_size: int = 0,
                 base_channels: int = 8192,
                 channel_decay: float = 1.0,
                 max_channels: int = 512,
                 fused_upconv: bool = True,
                 conv_module_cfg: dict | None = None,
                 fused_upconv_cfg: dict | None = None,
                 upsample_cfg: dict | None = None) -> None:
        super().__init__()
        self.noise_size = noise_size
        self.num_classes = label_size
        self.scales = scales_up_to(out_scale, owner=type(self).__name__)
        widths = channels_of(
            self.scales, base_channels, channel_decay, max_channels)
        conv = without_type(GEN_CONV, conv_module_cfg)
        up = dict(conv, upsample=upsample_cfg or NEAREST)
        if fused_upconv:
            up = without_type(
                dict(conv, upsample=FUSED_NEAREST), fused_upconv_cfg)

        self.upsample = make_upsample(upsample_cfg or NEAREST)
        self.noise2feat = PGGANNoiseTo2DFeat(noise_size + label_size,
                                             widths[0])
        self.torgb_layers = nn.ModuleList(
            EqualizedLRConvModule(width, 3, 1, **TO_RGB) for width in widths)
        self.conv_blocks = nn.ModuleList(
            [EqualizedLRConvModule(widths[0], widths[0], **conv)])
        for wide, narrow in pairwise(widths):
            self.conv_blocks.extend([
                EqualizedLRConvUpModule(wide, narrow, **up),
                EqualizedLRConvModule(narrow, narrow, **conv)
            ])

    def forward(self,
                z: Tensor,
                label: Tensor | None = None,
                transition_weight: float = 1.0,
                curr_scale: int = -1) -> Tensor:
        """Noise and labels to images.

        Args:
            z: Noise ``[N, Z]``.
            label: Classes ``[N]``, or vectors ``[N, K]`` of floats.
            transition_weight: Share of the newest resolution in the image;
                the rest is the next smaller image, upsampled.
            curr_scale: Side of the images, pixels; not above 0 for the
                largest.

        Returns:
            ``[N, 3, curr_scale, curr_scale]``; not limited, but trained
            towards [-1, 1].
        """
        stage = stage_of(curr_scale, self.scales, owner=type(self).__name__)
        if label is not None:
            z = torch.cat([z, one_hot(label, self.num_classes, z)], 1)

        # First feature map
        x = self.conv_blocks[0](self.noise2feat(z))        # [N, C0, 4, 4]

        # Doublings
        before = x
        for index in range(1, stage + 1):
            before = x
            x = self.conv_blocks[2 * index - 1](x)         # [N, C', 2H, 2W]
            x = self.conv_blocks[2 * index](x)

        # Image, and while it is new the smaller one
        image = self.torgb_layers[stage](x)
        if stage and transition_weight < 1:
            smaller = self.upsample(self.torgb_layers[stage - 1](before))
            image = blend(smaller, image, transition_weight)
        return image


@MODULES.register_module()
class PGGANDiscriminator(nn.Module):
    """Discriminator (table 2, right).

    Args:
        in_scale: Side of the largest image, pixels: 4, 8, 16, ...
        label_size: ``K``; that many logits of classes are returned as well.
            0 for none.
        base_channels: See `PGGANGenerator`.
        max_channels: See `PGGANGenerator`.
        in_channels: Channels of the image.
        channel_decay: See `PGGANGenerator`.
        mbstd_cfg: Settings of `MiniBatchStddevLayer`; None for no such layer.
        fused_convdown: Whether the averaging is a part of the convolution:
            its numbers differ, as the activation comes behind it.
        conv_module_cfg: What the convolutions have otherwise than
            `DISC_CONV`; see `equalized_parts`.
        fused_convdown_cfg: What those that downsample have otherwise than
            the others, if fused.
        fromrgb_layer_cfg: What the 1x1 convolutions of the image have
            otherwise.
        downsample_cfg: A registered module that halves the resolution; None
            for averages over 2x2 pixels.
    """

    def __init__(self,
                 in_scale: int,
                 label_size: int = 0,
                 base_channels: int = 8192,
                 max_channels: int = 512,
                 in_channels: int = 3,
                 channel_decay: float = 1.0,
                 mbstd_cfg: dict | None = dict(group_size=4),
                 fused_convdown: bool = True,
                 conv_module_cfg: dict | None = None,
                 fused_convdown_cfg: dict | None = None,
                 fromrgb_layer_cfg: dict | None = None,
                 downsample_cfg: dict | None = None) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.label_size = label_size
        self.scales = scales_up_to(in_scale, owner=type(self).__name__)
        widths = channels_of(
            self.scales, base_channels, channel_decay, max_channels)
        conv = without_type(DISC_CONV, conv_module_cfg)
        down = dict(conv, downsample=downsample_cfg)
        if fused_convdown:
            down = without_type(
                dict(conv, downsample=FUSED_POOL),
                fused_convdown_cfg)
        from_rgb = without_type(
            dict(kernel_size=1, act_cfg=LEAKY), fromrgb_layer_cfg)

        # Published weights have the first one, but were trained without it.
        self.conv_blocks = nn.ModuleList(
            [EqualizedLRConvModule(widths[0], widths[0], **conv)])
        for wide, narrow in pairwise(widths):
            self.conv_blocks.extend([
                EqualizedLRConvModule(narrow, narrow, **conv),
                EqualizedLRConvDownModule(narrow, wide, **down)
            ])
        self.fromrgb_layers = nn.ModuleList(
            EqualizedLRConvModule(in_channels, width, **from_rgb)
            for width in widths)
        self.downsample = make_downsample(downsample_cfg)
        self.minibatch_stddev = nn.Identity() if mbstd_cfg is None \
            else MiniBatchStddevLayer(**mbstd_cfg)
        channels = widths[0] + (mbstd_cfg is not None)
        self.decision = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                linear0=EqualizedLRLinearModule(
                    channels * FIRST_SCALE**2, widths[0]),
                activate=make_activation(LEAKY),
                linear1=EqualizedLRLinearModule(
                    widths[0], 1 + label_size,
                    equalized_lr_cfg=dict(gain=1.0))))

    def forward(self,
                x: Tensor,
                transition_weight: float = 1.0,
                curr_scale: int = -1) -> Tensor | tuple[Tensor, Tensor]:
        """Images to logits.

        Args:
            x: ``[N, C, curr_scale, curr_scale]``.
            transition_weight: Share of the newest layers in what the older
                ones see; the rest is the image, downsampled.
            curr_scale: Side of the images, pixels; not above 0 for the
                largest.

        Returns:
            ``[N, 1]``; with labels also the logits of the classes ``[N, K]``.
        """
        owner = type(self).__name__
        stage = stage_of(curr_scale, self.scales, owner=owner)
        check_images(x, self.in_channels, self.scales[stage], owner=owner)
        images, x = x, self.fromrgb_layers[stage](x)

        # Halvings; the first is new while the network grows
        for index in range(stage, 0, -1):
            x = self.conv_blocks[2 * index - 1](x)
            x = self.conv_blocks[2 * index](x)              # [N, C', H/2, W/2]
            if index == stage and transition_weight < 1:
                smaller = self.fromrgb_layers[stage - 1](
                    self.downsample(images))
                x = blend(smaller, x, transition_weight)

        # Decision
        x = self.decision(self.minibatch_stddev(x))        # [N, 1 + K]
        if self.label_size:
            return x[:, :1], x[:, 1:]
        return x


def channels_of(scales: Sequence[int], base_channels: int,
                channel_decay: float, max_channels: int) -> list[int]:
    """Channels at each of the sides 4, 8, ..."""
    return [
        min(int(base_channels / 2**(stage * channel_decay)), max_channels)
        for stage in range(1, len(scales) + 1)
    ]


def without_type(default: dict, cfg: dict | None) -> dict:
    """``default`` with what ``cfg`` changes; its type is known."""
    merged = {**default, **(cfg or {})}
    merged.pop('type', None)
    return merged


def one_hot(label: Tensor, num_classes: int, like: Tensor) -> Tensor:
    """Classes ``[N]`` as vectors ``[N, K]``; vectors as they are."""
    if label.ndim == 1:
        label = nn.functional.one_hot(label, num_classes)
    return label.to(like)
