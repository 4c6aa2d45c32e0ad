"""The generator and discriminator of StyleGAN2.

Karras et al. 2020, arXiv:1912.04958: the generator's layers are those of
figure 2 (d); it adds up images of growing resolution, figure 7 (b), the
discriminator is a residual network, figure 7 (c): configuration F of table 1.
Classes and half precision are those of Karras et al. 2020, arXiv:2006.06676,
appendix D: an embedding of the class joins the noise, the discriminator
projects its features on another one, and half-precision maps are clamped.
"""
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import (EqualizedLRConv2d, EqualizedLRLinear,
                                 EqualizedLRLinearAct, MiniBatchStddevLayer,
                                 ModulatedConv2d, NoiseInjection,
                                 StyleGenerator, check_images, check_labels,
                                 load_pretrained, mapping_network)
from mmgen.models.layers.fir_filter import (blur_before_downsampling,
                                            upsampler)
from mmgen.ops import bias_act
from mmgen.ops.precision import (autocast_dtype, explicit_precision,
                                 full_precision)
from mmgen.registry import MODELS, MODULES

# Channels of the feature maps by their side; those from 64 pixels on are
# multiplied by channel_multiplier (the paper's configuration F: by 2).
WIDTHS = {
    4: 512,
    8: 512,
    16: 512,
    32: 512,
    64: 256,
    128: 128,
    256: 64,
    512: 32,
    1024: 16,
}

# Largest magnitude of half-precision feature maps (arXiv:2006.06676, app. D).
HALF_CLAMP = 256.0

# Layers of the network that turns a class into the discriminator's projection.
LABEL_LAYERS = 8


class Level(NamedTuple):
    """One resolution of a network.

    Attributes:
        side: Of the feature maps, pixels.
        width: Their channels.
        half: Whether they follow autocast; otherwise they have full precision.
        clamp: Their largest magnitude; None for no limit.
    """

    side: int
    width: int
    half: bool
    clamp: float | None


def plan_levels(resolution: int, channel_multiplier: int, max_channels: int,
                num_fp16_scales: int, fp16_enabled: bool,
                owner: str) -> list[Level]:
    """The resolutions of a network, from 4 to that of the image.

    Args:
        resolution: Side of the image, pixels.
        channel_multiplier: Factor of the widths from 64 pixels on.
        max_channels: Upper limit of all widths.
        num_fp16_scales: How many of the highest resolutions may be in half
            precision.
        fp16_enabled: Whether all may be.
        owner: Who asks, for the message.

    Raises:
        ValueError: There is no width for the resolution.
    """
    if resolution not in WIDTHS or resolution < 8:
        raise ValueError(
            f'{owner}: no network for {resolution} pixels, expected one of '
            f'{", ".join(str(side) for side in WIDTHS if side >= 8)}.')
    levels = []
    for side, width in WIDTHS.items():
        if side > resolution:
            break
        if side >= 64:
            width *= channel_multiplier
        chosen = fp16_enabled or side > resolution // 2**num_fp16_scales
        # Where no resolution is chosen, autocast decides for all alike.
        levels.append(Level(
            side, min(width, max_channels),
            half=chosen or not num_fp16_scales,
            clamp=HALF_CLAMP if chosen else None))
    return levels


def level_dtypes(x: Tensor, levels: Sequence[Level]) -> list[torch.dtype]:
    """The type in which each level computes what comes of ``x``."""
    half = autocast_dtype(x)
    return [half if level.half else x.dtype for level in levels]


class ConstantInput(nn.Module):
    """A learnt feature map that all images begin with.

    Args:
        channels: ``C``.
        side: Height and width, pixels.
    """

    def __init__(self, channels: int, side: int = 4) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, side, side))

    def forward(self, batch_size: int) -> Tensor:
        """``[N, C, H, W]``."""
        return self.input.repeat(batch_size, 1, 1, 1)


class BiasLeakyReLU(nn.Module):
    """A bias and the leaky ReLU, scaled by sqrt(2).

    Args:
        channels: ``C``.
        clamp: Largest magnitude of the result; None for no limit.
    """

    def __init__(self, channels: int, clamp: float | None = None) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.clamp = clamp

    def forward(self, x: Tensor) -> Tensor:
        """Shape of ``x``, ``[N, C, H, W]``."""
        return bias_act(x, self.bias, act='lrelu', clamp=self.clamp)


class ModulatedStyleConv(nn.Module):
    """Modulated convolution, noise, activation (figure 2 (d)).

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        style_channels: Size ``D`` of the style.
        clamp: Largest magnitude of the result; None for no limit.
        **conv: Further settings of `ModulatedConv2d`.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int,
                 style_channels: int, clamp: float | None = None,
                 **conv: Any) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(
            in_channels, out_channels, kernel_size, style_channels, **conv)
        self.noise_injector = NoiseInjection()
        self.activate = BiasLeakyReLU(out_channels, clamp)

    def forward(self, x: Tensor, style: Tensor,
                noise: Tensor | None = None) -> Tensor:
        """One layer.

        Args:
            x: ``[N, C, H, W]``.
            style: ``[N, D]``.
            noise: ``[N, 1, H', W']`` or ``[1, 1, H', W']``; None to draw it.

        Returns:
            ``[N, C', H', W']``.
        """
        return self.activate(self.noise_injector(self.conv(x, style), noise))


class ModulatedToRGB(nn.Module):
    """Adds what a resolution contributes to the image (figure 7 (b)).

    Args:
        in_channels: Channels of the feature map.
        style_channels: Size ``D`` of the style.
        out_channels: Channels of the image.
        upsample: Whether the image so far has half the resolution.
        blur_kernel: Taps of the filter that upsamples it.
        clamp: Largest magnitude of the contribution; None for no limit.
    """

    def __init__(self, in_channels: int, style_channels: int,
                 out_channels: int = 3, upsample: bool = True,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 clamp: float | None = None) -> None:
        super().__init__()
        if upsample:
            self.upsample = upsampler(blur_kernel)
        self.conv = ModulatedConv2d(
            in_channels, out_channels, 1, style_channels, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, out_channels, 1, 1))
        self.clamp = clamp

    def forward(self, x: Tensor, style: Tensor,
                skip: Tensor | None = None) -> Tensor:
        """The image so far.

        Args:
            x: ``[N, C, H, W]``.
            style: ``[N, D]``.
            skip: The image from below, ``[N, 3, H/2, W/2]``.

        Returns:
            ``[N, 3, H, W]`` in full precision.
        """
        rgb = bias_act(
            self.conv(x, style), self.bias.flatten(), clamp=self.clamp)
        rgb = full_precision(rgb)
        return rgb if skip is None else rgb + self.upsample(skip)


@MODULES.register_module()
class StyleGANv2Generator(StyleGenerator):
    """Generator; how it is called is said at `StyleGenerator`.

    Half precision is used inside autocast only (``AmpOptimWrapper``,
    ``--amp``), but for the mapping network and the sum of the images.

    Args:
        out_size: Side of the image, pixels: a power of two, 8 to 1024.
        style_channels: Size ``D`` of a style, and of the noise.
        num_mlps: Layers of the mapping network.
        channel_multiplier: Factor of the widths from 64 pixels on.
        blur_kernel: Taps of the filters around a change of resolution.
        lr_mlp: Rate of learning of the mapping network as a share of the
            optimiser's.
        default_style_mode: See `StyleGenerator`.
        eval_style_mode: See `StyleGenerator`.
        mix_prob: See `StyleGenerator`.
        num_fp16_scales: How many of the highest resolutions autocast puts
            into half precision; their feature maps are clamped. 0 to leave
            it to autocast, without clamping.
        fp16_enabled: The same for all resolutions.
        pretrained: See `load_pretrained`.
        max_channels: Upper limit of the widths.
        num_classes: Number ``K`` of classes; 0 for none.
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
                 num_fp16_scales: int = 0,
                 fp16_enabled: bool = False,
                 pretrained: str | dict | None = None,
                 max_channels: int = 512,
                 num_classes: int = 0) -> None:
        levels = plan_levels(out_size, channel_multiplier, max_channels,
                             num_fp16_scales, fp16_enabled,
                             type(self).__name__)
        super().__init__(style_channels, 2 * len(levels), default_style_mode,
                         eval_style_mode, mix_prob)
        self.out_size = out_size
        self.num_classes = num_classes
        self.levels = levels

        # From noise, and class, to the style
        if num_classes:
            self.label_embedding = EqualizedLRLinear(
                num_classes, style_channels, gain=1.0)
        self.style_mapping = mapping_network(
            style_channels, num_mlps, lr_mlp, act_gain=2**0.5,
            label_channels=style_channels if num_classes else 0)

        # Styled layers: one at 4x4, two at each further resolution
        first = levels[0]
        self.constant_input = ConstantInput(first.width, first.side)
        self.conv1 = ModulatedStyleConv(
            first.width, first.width, 3, style_channels, first.clamp)
        self.to_rgb1 = ModulatedToRGB(
            first.width, style_channels, upsample=False, clamp=first.clamp)
        self.convs, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        for below, level in pairwise(levels):
            self.convs.append(ModulatedStyleConv(
                below.width, level.width, 3, style_channels, level.clamp,
                upsample=True, blur_kernel=blur_kernel))
            self.convs.append(ModulatedStyleConv(
                level.width, level.width, 3, style_channels, level.clamp))
            self.to_rgbs.append(ModulatedToRGB(
                level.width, style_channels, blur_kernel=blur_kernel,
                clamp=level.clamp))
        sides = [level.side for level in levels]
        self.register_noise_maps(sorted(sides + sides[1:]))
        load_pretrained(self, pretrained)

    def map_noise(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Noise and class to the style, in full precision.

        Args:
            z: ``[N, Z]``.
            label: Classes ``[N]``; None for one after the other, where a
                mean over all is wanted.

        Returns:
            ``[N, D]``.
        """
        z = full_precision(z)
        with explicit_precision(z):
            if not self.num_classes:
                return self.style_mapping(z)
            if label is None:
                label = torch.arange(
                    len(z), device=z.device) % self.num_classes
            norm, layers = self.style_mapping[0], self.style_mapping[1:]
            y = embed_label(label, self.label_embedding)
            return layers(torch.cat([norm(z), norm(y)], 1))

    def forward(self, ws: Tensor,
                injected_noise: Sequence[Tensor | None] | None = None,
                randomize_noise: bool = True) -> Tensor:
        """Styles to images.

        Args:
            ws: ``[N, L, D]``.
            injected_noise: Noise of each layer, see `noise_maps`.
            randomize_noise: Whether noise is drawn where none is given, or
                is what the network keeps.

        Returns:
            ``[N, 3, H, W]``, about [-1, 1].
        """
        noise = self.noise_maps(injected_noise, randomize_noise)
        return self.synthesize(self.constant_input(len(ws)), ws, noise)

    def synthesize(self, x: Tensor, ws: Tensor,
                   noise: Sequence[Tensor | None]) -> Tensor:
        """From the feature map ``[N, C, 4, 4]`` that all begins with."""
        ws = full_precision(ws)
        first, *dtypes = level_dtypes(ws, self.levels)
        with explicit_precision(ws):
            x = self.conv1(x.to(first), ws[:, 0], noise[0])
            image = self.to_rgb1(x, ws[:, 1])
            for index, (dtype, to_rgb) in enumerate(zip(dtypes, self.to_rgbs)):
                layer = 2 * index + 1
                up, conv = self.convs[layer - 1], self.convs[layer]
                x = up(x.to(dtype), ws[:, layer], noise[layer])
                x = conv(x, ws[:, layer + 1], noise[layer + 1])
                # The next resolution's first layer has the same style.
                image = to_rgb(x, ws[:, layer + 2], image)
        return image


def embed_label(label: Tensor, embedding: EqualizedLRLinear) -> Tensor:
    """Classes ``[N]`` to ``[N, D]``."""
    onehot = F.one_hot(label, embedding.in_features)
    return embedding(onehot.to(embedding.weight_orig.dtype))


class ConvLayer(nn.Sequential):
    """Blur if it halves the resolution, convolution, activation.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel.
        downsample: Whether to halve the resolution.
        activate: Whether there are a bias and an activation.
        blur_kernel: Taps of the blur.
        clamp: Largest magnitude of the result; None for no limit.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int,
                 *, downsample: bool = False, activate: bool = True,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 clamp: float | None = None) -> None:
        layers, stride, padding = [], 1, kernel_size // 2
        if downsample and kernel_size == 1:
            layers.append(blur_before_downsampling(blur_kernel, 1, down=2))
        elif downsample:
            layers.append(blur_before_downsampling(blur_kernel, kernel_size))
            stride, padding = 2, 0
        layers.append(nn.Sequential(OrderedDict(conv=EqualizedLRConv2d(
            in_channels, out_channels, kernel_size, stride=stride,
            padding=padding, bias=False, gain=1.0))))
        if activate:
            layers.append(BiasLeakyReLU(out_channels))
        super().__init__(*layers)
        self.clamp = clamp

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H', W']``."""
        x = super().forward(x)
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class ResBlock(nn.Module):
    """Residual block that halves the resolution (figure 7 (c)).

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        blur_kernel: Taps of the blurs.
        clamp: Largest magnitude of both paths; None for no limit.
    """

    def __init__(self, in_channels: int, out_channels: int,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 clamp: float | None = None) -> None:
        super().__init__()
        down = dict(downsample=True, blur_kernel=blur_kernel, clamp=clamp)
        self.conv1 = ConvLayer(in_channels, in_channels, 3, clamp=clamp)
        self.conv2 = ConvLayer(in_channels, out_channels, 3, **down)
        self.skip = ConvLayer(in_channels, out_channels, 1, activate=False,
                              **down)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H/2, W/2]``, the variance kept."""
        return (self.conv2(self.conv1(x)) + self.skip(x)) / 2**0.5


@MODULES.register_module()
class StyleGAN2Discriminator(nn.Module):
    """Discriminator.

    Args:
        in_size: Side of the image, pixels: a power of two, 8 to 1024.
        channel_multiplier: Factor of the widths from 64 pixels on.
        blur_kernel: Taps of the blurs.
        mbstd_cfg: Keywords of `MiniBatchStddevLayer`.
        num_fp16_scales: As in `StyleGANv2Generator`.
        fp16_enabled: As in `StyleGANv2Generator`.
        out_fp32: Whether logits are in full precision at any rate.
        convert_input_fp32: Whether resolutions beyond ``num_fp16_scales`` are
            in full precision; otherwise autocast has them too.
        input_bgr2rgb: Whether to reverse the order of the channels: for
            weights that take RGB in a project that works in BGR.
        pretrained: See `load_pretrained`.
        max_channels: Upper limit of the widths.
        num_classes: Number ``K`` of classes; 0 for none.
    """

    def __init__(self,
                 in_size: int,
                 channel_multiplier: int = 2,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 mbstd_cfg: dict = dict(group_size=4, channel_groups=1),
                 num_fp16_scales: int = 0,
                 fp16_enabled: bool = False,
                 out_fp32: bool = True,
                 convert_input_fp32: bool = True,
                 input_bgr2rgb: bool = False,
                 pretrained: str | dict | None = None,
                 max_channels: int = 512,
                 num_classes: int = 0) -> None:
        super().__init__()
        levels = plan_levels(in_size, channel_multiplier, max_channels,
                             num_fp16_scales, fp16_enabled,
                             type(self).__name__)[::-1]
        self.in_size = in_size
        self.num_classes = num_classes
        self.out_fp32 = out_fp32
        self.input_bgr2rgb = input_bgr2rgb
        # From the image, then one block for each halving, then the last maps
        self.levels = [levels[0], *levels] if convert_input_fp32 else [
            level._replace(half=True) for level in [levels[0], *levels]]

        top, last = levels[0], levels[-1]
        self.convs = nn.Sequential(
            ConvLayer(3, top.width, 1, clamp=top.clamp), *[
                ResBlock(level.width, below.width, blur_kernel, level.clamp)
                for level, below in pairwise(levels)])
        self.mbstd_layer = MiniBatchStddevLayer(**mbstd_cfg)
        self.final_conv = ConvLayer(
            last.width + self.mbstd_layer.channel_groups, last.width, 3,
            clamp=last.clamp)
        self.final_linear = nn.Sequential(
            EqualizedLRLinearAct(last.width * last.side**2, last.width,
                                 act='lrelu'),
            EqualizedLRLinearAct(last.width, last.width if num_classes else 1))
        if num_classes:
            self.label_embedding = EqualizedLRLinear(
                num_classes, last.width, gain=1.0)
            self.label_mapping = mapping_network(
                last.width, LABEL_LAYERS, lr_mlp=0.01, act_gain=2**0.5)
        load_pretrained(self, pretrained)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Images, and their classes, to logits.

        Args:
            x: ``[N, 3, H, W]``, [-1, 1].
            label: Classes ``[N]``, if there are classes.

        Returns:
            ``[N, 1]``.
        """
        self.check_images(x)
        check_labels(label, self.num_classes, owner=type(self).__name__)
        x = full_precision(x.flip(1) if self.input_bgr2rgb else x)
        *dtypes, last = level_dtypes(x, self.levels)
        with explicit_precision(x):
            for block, dtype in zip(self.convs, dtypes):
                x = block(x.to(dtype))                  # [N, C, H, W]
            features = self.judge(x.to(last))
            if label is not None:
                features = self.project(features, label)
        return full_precision(features) if self.out_fp32 else features

    def check_images(self, x: Tensor) -> None:
        """Refuse images that the network was not built for."""
        check_images(x, 3, self.in_size, owner=type(self).__name__)

    def judge(self, x: Tensor) -> Tensor:
        """The last feature map ``[N, C, 4, 4]`` to logits or features."""
        x = self.final_conv(self.mbstd_layer(x))
        return self.final_linear(x.flatten(1))

    def project(self, features: Tensor, label: Tensor) -> Tensor:
        """How far ``features [N, C]`` point to the class, ``[N, 1]``."""
        y = self.label_mapping(embed_label(label, self.label_embedding))
        return (features * y).sum(1, keepdim=True) / features.shape[1]**0.5


@MODULES.register_module()
class ADAStyleGAN2Discriminator(StyleGAN2Discriminator):
    """Augments all images that it is given, then judges them.

    Args:
        in_size: See `StyleGAN2Discriminator`.
        *args: See `StyleGAN2Discriminator`.
        data_aug: The augmentation's config; None for none.
        **kwargs: See `StyleGAN2Discriminator`.

    Source: Karras et al. 2020, arXiv:2006.06676, figure 2 (b).
    """

    def __init__(self, in_size: int, *args: Any,
                 data_aug: dict | None = None, **kwargs: Any) -> None:
        super().__init__(in_size, *args, **kwargs)
        self.ada_aug = None if data_aug is None else MODELS.build(data_aug)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """As in the base."""
        if self.ada_aug is not None:
            x = self.ada_aug(x)
        return super().forward(x, label)

    def observe(self, real_logits: Tensor, batch: int) -> dict[str, Tensor]:
        """Let an augmentation adapt, see `ADAAug.observe`."""
        if not hasattr(self.ada_aug, 'observe'):
            return {}
        return self.ada_aug.observe(real_logits, batch)
