"""The generator and discriminator of MSPIE-StyleGAN2.

Xu et al. 2020, arXiv:2012.05217 ("Positional Encoding as Spatial Inductive
Bias in GANs"): StyleGAN2's networks, changed so that one generator makes images
of several sizes. It begins with a larger feature map for a larger image; what
that map holds, and whether the convolutions may see the border by their
padding, is what the paper's table 5 compares (configurations c to k).
"""
from collections.abc import Sequence
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers.linear_act import EqualizedLRLinearAct
from mmgen.models.layers.modulated_conv import ModulatedConv2d
from mmgen.models.stylegan2 import (StyleGAN2Discriminator,
                                    StyleGANv2Generator)
from mmgen.models.stylegan2.networks import ModulatedStyleConv
from mmgen.registry import MODULES

# What a 3x3 convolution without padding takes away from a side, pixels.
PIXELS_LOST = 2

# How the first feature map is brought to another size: its corners stay.
HEAD_RESIZE = dict(mode='bilinear', align_corners=True)

Scale = int | Sequence[int]


class InterpolatedConv2d(ModulatedConv2d):
    """Modulated convolution that upsamples, if at all, by interpolation.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel; odd.
        style_channels: Size ``D`` of the style.
        padding: Zeros around the image, pixels.
        up: Keywords of `torch.nn.functional.interpolate` for twice the
            resolution; None to keep it.
        up_pad: Pixels that a side has beyond twice the resolution.
        up_last: Whether the convolution goes first.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int,
                 style_channels: int, *, padding: int, up: dict | None,
                 up_pad: int, up_last: bool) -> None:
        super().__init__(in_channels, out_channels, kernel_size,
                         style_channels)
        self.padding = padding
        self.up = up
        self.up_pad = up_pad
        self.up_last = up_last

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """The convolution without scales, with its change of resolution."""
        if self.up is None:
            return F.conv2d(x, weight, padding=self.padding)
        if self.up_last:
            return self.enlarge(F.conv2d(x, weight, padding=self.padding))
        return F.conv2d(self.enlarge(x), weight, padding=self.padding)

    def enlarge(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C, 2 H + up_pad, 2 W + up_pad]``."""
        size = [2 * side + self.up_pad for side in x.shape[2:]]
        return F.interpolate(x, size, **self.up)


@MODULES.register_module()
class MSStyleGANv2Generator(StyleGANv2Generator):
    """Generator of images of several sizes.

    It begins with a feature map of ``head_pos_size``, which ``chosen_scale``
    makes larger: a learnt constant, or an encoding of the place.

    Args:
        out_size: See `StyleGANv2Generator`; side of the image for
            ``chosen_scale=0`` where the first layer is 4x4.
        style_channels: See `StyleGANv2Generator`.
        num_mlps: See `StyleGANv2Generator`.
        channel_multiplier: See `StyleGANv2Generator`.
        blur_kernel: See `StyleGANv2Generator`.
        lr_mlp: See `StyleGANv2Generator`.
        default_style_mode: See `StyleGenerator`.
        eval_style_mode: See `StyleGenerator`.
        mix_prob: See `StyleGenerator`.
        no_pad: Whether the convolutions do without padding. Then
            ``interp_pad`` has to make up for the pixels that they lose.
        deconv2conv: Whether to upsample by interpolation instead of by
            transposed convolutions; the three settings around it need that.
        interp_pad: Pixels by which a side is interpolated to more than twice
            its size.
        up_config: Keywords of `torch.nn.functional.interpolate`, with
            ``scale_factor=2``.
        up_after_conv: Whether to interpolate behind the convolution, not
            before.
        head_pos_encoding: The encoding's config; None for a learnt constant.
        head_pos_size: Height and width of the first feature map, pixels.
        interp_head: Whether an encoding is made for ``head_pos_size`` and
            interpolated to other sizes; otherwise it is made for these. A
            constant is always interpolated.
        max_channels: See `StyleGANv2Generator`.

    Raises:
        ValueError: Settings that contradict each other.

    Source: Xu et al. 2020, arXiv:2012.05217. Where the paper leaves it open,
    sizes are those of published checkpoints and values those of 1.x.
    """

    def __init__(self,
                 out_size: int,
                 style_channels: int,
                 num_mlps: int = 8,
                 channel_multiplier: int = 2,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 lr_mlp: float = 0.01,
                 default_style_mode: str = 'mix',
                 eval_style_mode: str = 'single',
                 mix_prob: float = 0.9,
                 no_pad: bool = False,
                 deconv2conv: bool = False,
                 interp_pad: int | None = None,
                 up_config: dict = dict(scale_factor=2, mode='nearest'),
                 up_after_conv: bool = False,
                 head_pos_encoding: dict | None = None,
                 head_pos_size: Sequence[int] = (4, 4),
                 interp_head: bool = False,
                 *,
                 max_channels: int = 512) -> None:
        super().__init__(
            out_size, style_channels, num_mlps, channel_multiplier,
            blur_kernel, lr_mlp, default_style_mode, eval_style_mode,
            mix_prob, max_channels=max_channels)
        self._check_settings(no_pad, deconv2conv, interp_pad, up_after_conv)
        self.head_pos_size = _pair('head_pos_size', head_pos_size, self)
        self.interp_head = interp_head
        self.no_pad = no_pad

        # The first feature map
        channels = self.levels[0].width
        self.head_pos_enc = None
        if head_pos_encoding is None:
            self.constant_input.input = nn.Parameter(
                torch.randn(1, channels, *self.head_pos_size))
        else:
            del self.constant_input
            self.head_pos_enc = MODULES.build(head_pos_encoding)
            channels = self.head_pos_enc.make_grid2d(1, 1).shape[1]

        # Styled layers
        settings = dict(
            padding=0 if no_pad else 1,
            up_pad=interp_pad or 0,
            up_last=up_after_conv)
        interpolate = self._interpolation(up_config)
        _exchange(self.conv1, channels, up=None, **settings)
        if deconv2conv:
            for index, layer in enumerate(self.convs):
                _exchange(layer, up=None if index % 2 else interpolate,
                          **settings)
        for index, size in enumerate(self.noise_sizes()):
            self.register_buffer(f'injected_noise_{index}',
                                 torch.randn(1, 1, *size))

    def _check_settings(self, no_pad: bool, deconv2conv: bool,
                        interp_pad: int | None, up_after_conv: bool) -> None:
        """Refuse layers that do not double the resolution."""
        owner = type(self).__name__
        if not deconv2conv and (no_pad or interp_pad or up_after_conv):
            raise ValueError(
                f'{owner}: no_pad={no_pad}, interp_pad={interp_pad}, '
                f'up_after_conv={up_after_conv} without deconv2conv. They '
                'belong to interpolation: set deconv2conv=True.')
        # Two convolutions follow an interpolation.
        lost = 2 * PIXELS_LOST if no_pad else 0
        if (interp_pad or 0) != lost or (no_pad and up_after_conv):
            raise ValueError(
                f'{owner}: no_pad={no_pad}, interp_pad={interp_pad}, '
                f'up_after_conv={up_after_conv} do not double the resolution. '
                'Expected none of them, up_after_conv alone, or no_pad with '
                f'interp_pad={2 * PIXELS_LOST}.')

    def _interpolation(self, up_config: dict) -> dict:
        """``up_config`` without the factor, which is 2."""
        up_config = dict(up_config)
        factor = up_config.pop('scale_factor', None)
        if factor != 2:
            raise ValueError(
                f'{type(self).__name__}: up_config has scale_factor={factor}, '
                'expected 2.')
        return up_config

    # ---------------------------------------------------------------- sizes

    @property
    def num_upblocks(self) -> int:
        """How often the resolution is doubled."""
        return len(self.to_rgbs)

    @property
    def _pixels_lost(self) -> int:
        """What a convolution takes away from a side."""
        return PIXELS_LOST if self.no_pad else 0

    def head_size(self, chosen_scale: Scale = 0) -> tuple[int, int]:
        """Height and width of the first feature map, pixels.

        Args:
            chosen_scale: By how many pixels it is larger than
                ``head_pos_size``; one number, or one for height and one for
                width.

        Raises:
            ValueError: Not whole numbers, or nothing is left of the image.
        """
        more = _pair('chosen_scale', chosen_scale, self)
        height, width = (
            side + n for side, n in zip(self.head_pos_size, more))
        if min(height, width) - self._pixels_lost < 1:
            raise ValueError(
                f'{type(self).__name__}: chosen_scale={chosen_scale} leaves '
                f'nothing of head_pos_size={self.head_pos_size}. Choose a '
                'larger one.')
        return height, width

    def noise_sizes(self, chosen_scale: Scale = 0) -> list[tuple[int, int]]:
        """Height and width of each noise map; see `head_size`."""
        height, width = self.head_size(chosen_scale)
        lost = self._pixels_lost
        sizes = [(height - lost, width - lost)]
        for _ in self.to_rgbs:
            height, width = 2 * sizes[-1][0], 2 * sizes[-1][1]
            sizes += [(height + lost, width + lost), (height, width)]
        return sizes

    def image_size(self, chosen_scale: Scale = 0) -> tuple[int, int]:
        """Height and width of the image; see `head_size`."""
        return self.noise_sizes(chosen_scale)[-1]

    # ------------------------------------------------------------- synthesis

    def forward(self, ws: Tensor,
                injected_noise: Sequence[Tensor | None] | None = None,
                randomize_noise: bool = True,
                chosen_scale: Scale = 0) -> Tensor:
        """Styles to images.

        Args:
            ws: ``[N, L, D]``.
            injected_noise: Noise of each layer, see `noise_maps` and
                `noise_sizes`.
            randomize_noise: Whether noise is drawn where none is given, or
                is what the network keeps (for ``chosen_scale=0`` only).
            chosen_scale: See `head_size`.

        Returns:
            ``[N, 3, H, W]``, about [-1, 1]; `image_size` says which.
        """
        size = self.head_size(chosen_scale)
        if not randomize_noise and injected_noise is None \
                and size != self.head_pos_size:
            raise ValueError(
                f'{type(self).__name__}: chosen_scale={chosen_scale} with '
                'randomize_noise=False, but noise is kept for chosen_scale=0 '
                'only. Pass injected_noise; noise_sizes says how large.')
        noise = self.noise_maps(injected_noise, randomize_noise)
        head = self.make_head(size, len(ws)).to(ws.device)
        return self.synthesize(head, ws, noise)

    def make_head(self, size: tuple[int, int], batch_size: int) -> Tensor:
        """The feature map that all begins with, ``[N, C, *size]``."""
        if self.head_pos_enc is None:
            head = self.constant_input(batch_size)
        elif self.interp_head:
            head = self.head_pos_enc.make_grid2d(
                *self.head_pos_size, batch_size)
        else:
            return self.head_pos_enc.make_grid2d(*size, batch_size)
        return head if size == self.head_pos_size \
            else F.interpolate(head, size, **HEAD_RESIZE)


def _pair(name: str, value: int | Sequence[int],
          owner: nn.Module) -> tuple[int, int]:
    """What is meant for height and width."""
    pair = tuple(value) if isinstance(value, Sequence) else (value, ) * 2
    if len(pair) != 2 or not all(isinstance(side, int) for side in pair):
        raise ValueError(
            f'{type(owner).__name__}: {name}={value}, expected a whole number, '
            'or two of them for height and width.')
    return pair


def _exchange(layer: ModulatedStyleConv, in_channels: int | None = None,
              **settings) -> None:
    """Give a layer an `InterpolatedConv2d` of the same widths."""
    out_channels, channels, kernel_size, _ = layer.conv.weight_orig.shape
    style_channels = layer.conv.style_modulation.linear.in_features
    layer.conv = InterpolatedConv2d(
        in_channels or channels, out_channels, kernel_size, style_channels,
        **settings)


@MODULES.register_module()
class MSStyleGAN2Discriminator(StyleGAN2Discriminator):
    """Discriminator of images of several sizes.

    Args:
        in_size: See `StyleGAN2Discriminator`; with ``with_adaptive_pool`` the
            side of the smallest images.
        channel_multiplier: See `StyleGAN2Discriminator`.
        blur_kernel: See `StyleGAN2Discriminator`.
        mbstd_cfg: See `StyleGAN2Discriminator`.
        with_adaptive_pool: Whether the last feature map is averaged to
            ``pool_size``, so that images may have any size.
        pool_size: Height and width, or one number for both.
        max_channels: See `StyleGAN2Discriminator`.

    Source: Xu et al. 2020, arXiv:2012.05217; see the generator.
    """

    def __init__(self,
                 in_size: int,
                 channel_multiplier: int = 2,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 mbstd_cfg: dict = dict(group_size=4, channel_groups=1),
                 with_adaptive_pool: bool = False,
                 pool_size: int | Sequence[int] = (2, 2),
                 *,
                 max_channels: int = 512) -> None:
        super().__init__(in_size, channel_multiplier, blur_kernel, mbstd_cfg,
                         max_channels=max_channels)
        self.pool = None
        if with_adaptive_pool:
            sides = _pair('pool_size', pool_size, self)
            width = self.levels[-1].width
            self.pool = nn.AdaptiveAvgPool2d(sides)
            self.final_linear[0] = EqualizedLRLinearAct(
                width * prod(sides), width, act='lrelu')

    @property
    def only_size(self) -> tuple[int, int] | None:
        """Height and width that images have to have, if they have to."""
        return (self.in_size, ) * 2 if self.pool is None else None

    def check_images(self, x: Tensor) -> None:
        """As in the base, but any size where the last map is averaged."""
        if self.pool is None:
            super().check_images(x)
            return
        smallest = 2**(len(self.convs) - 1)
        if x.ndim != 4 or x.shape[1] != 3 or min(x.shape[2:]) < smallest:
            raise ValueError(
                f'{type(self).__name__}: images have shape {list(x.shape)}, '
                f'expected [N, 3, H, W] with sides of at least {smallest} '
                'pixels.')

    def judge(self, x: Tensor) -> Tensor:
        """The last feature map ``[N, C, H, W]`` to logits."""
        if self.pool is None:
            return super().judge(x)
        x = self.pool(self.final_conv(self.mbstd_layer(x)))
        return self.final_linear(x.flatten(1))
