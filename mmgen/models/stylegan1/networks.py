"""The generator and discriminator of StyleGAN.

Karras, Laine and Aila 2018, arXiv:1812.04948, figure 1 (b) and appendix C.
Both grow as PGGAN's do. Differences from the paper, all as published weights
were trained: a leaky ReLU also stands between a convolution and the blur
behind it, the noise has one strength for all channels, the layers that make
styles and images have the gain of layers with an activation, and the
discriminator's convolution over 4x4 pixels has no activation.
"""
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import (EqualizedLRLinear, MiniBatchStddevLayer,
                                 NoiseInjection, StyleGenerator, check_images,
                                 mapping_network)
from mmgen.models.layers.equalized_conv import (EqualizedLRConvDownModule,
                                                EqualizedLRConvModule,
                                                NearestUpConv2d,
                                                equalized_parts)
from mmgen.models.layers.fir_filter import FIRFilter
from mmgen.models.layers.linear_act import EqualizedLRLinearAct
from mmgen.models.pggan.networks import (FIRST_SCALE, LEAKY, blend,
                                         scales_up_to, stage_of)
from mmgen.registry import MODULES

# Side of a feature map -> its channels.
WIDTHS = {
    4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64, 512: 32,
    1024: 16
}
CONV = dict(kernel_size=3, padding=1, act_cfg=None)
CONV_ACT = dict(kernel_size=3, padding=1, act_cfg=LEAKY)


class AdaIN(nn.Module):
    """Sets mean and deviation of each feature map (equation 1).

    Args:
        channels: ``C`` of the feature maps.
        style_channels: ``D``.
    """

    def __init__(self, channels: int, style_channels: int) -> None:
        super().__init__()
        self.affine = EqualizedLRLinear(style_channels, 2 * channels)
        with torch.no_grad():
            self.affine.bias[:channels] = 1

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """``[N, C, H, W]`` and style ``[N, D]`` to ``[N, C, H, W]``."""
        scale, shift = self.affine(w).to(x.dtype)[:, :, None, None].chunk(2, 1)
        return torch.addcmul(shift, scale, F.instance_norm(x))


class ConstantInput(nn.Module):
    """What the generator starts from, learnt and the same for all images.

    Ones at first, as biases of the scales are (appendix C).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.input = nn.Parameter(
            torch.ones(1, channels, FIRST_SCALE, FIRST_SCALE))

    def forward(self, batch_size: int) -> Tensor:
        """``[N, C, 4, 4]``."""
        return self.input.expand(batch_size, -1, -1, -1)


class StyledBlock(nn.Module):
    """The layers of one resolution: twice noise, activation and AdaIN.

    Args:
        in_channels: Channels in; None for the block of the constant.
        out_channels: Channels out.
        style_channels: ``D``.
        blur_kernel: Taps of the filter behind the upsampling.
    """

    def __init__(self, in_channels: int | None, out_channels: int,
                 style_channels: int, blur_kernel: Sequence[float]) -> None:
        super().__init__()
        if in_channels is None:
            self.conv1 = ConstantInput(out_channels)
        else:
            self.conv1 = nn.Sequential(
                nn.Sequential(
                    equalized_parts(
                        NearestUpConv2d, in_channels, out_channels,
                        **CONV_ACT)),
                blur(blur_kernel))
        self.noise_injector1 = NoiseInjection()
        self.adain1 = AdaIN(out_channels, style_channels)
        self.conv2 = EqualizedLRConvModule(out_channels, out_channels, **CONV)
        self.noise_injector2 = NoiseInjection()
        self.adain2 = AdaIN(out_channels, style_channels)

    def forward(self, x: Tensor | int, ws: Tensor,
                noises: Sequence[Tensor | None]) -> Tensor:
        """One step up.

        Args:
            x: ``[N, C, H, W]``; for the block of the constant ``N``.
            ws: Two styles ``[N, 2, D]``.
            noises: Two noise maps, see `NoiseInjection`.

        Returns:
            ``[N, C', 2H, 2W]``; of the constant ``[N, C', 4, 4]``.
        """
        x = self.noise_injector1(self.conv1(x), noises[0])
        x = self.adain1(F.leaky_relu(x, 0.2), ws[:, 0])
        x = self.noise_injector2(self.conv2(x), noises[1])
        return self.adain2(F.leaky_relu(x, 0.2), ws[:, 1])


@MODULES.register_module()
class StyleGANv1Generator(StyleGenerator):
    """Generator (figure 1 b). Its call is that of `StyleGenerator`.

    Args:
        out_size: Side of the largest image, pixels: 4, 8, ..., 1024.
        style_channels: Size ``D`` of noise and styles.
        num_mlps: Linear layers of the mapping network.
        blur_kernel: Taps of the filter behind each upsampling.
        lr_mlp: Rate of learning of the mapping network as a share of the
            optimiser's.
        default_style_mode: See `StyleGenerator`.
        eval_style_mode: See `StyleGenerator`.
        mix_prob: See `StyleGenerator`.
        max_channels: Upper limit of the widths.
    """

    def __init__(self,
                 out_size: int,
                 style_channels: int,
                 num_mlps: int = 8,
                 blur_kernel: Sequence[float] = (1, 2, 1),
                 lr_mlp: float = 0.01,
                 default_style_mode: str = 'mix',
                 eval_style_mode: str = 'single',
                 mix_prob: float = 0.9,
                 max_channels: int = 512) -> None:
        scales, widths = table_up_to(
            out_size, max_channels, owner=type(self).__name__)
        super().__init__(
            style_channels, 2 * len(scales), default_style_mode,
            eval_style_mode, mix_prob)
        self.scales = scales
        self.register_noise_maps(sorted(2 * scales))  # two for each side
        self.style_mapping = mapping_network(
            style_channels, num_mlps, lr_mlp, act_gain=1.0)
        self.convs = nn.ModuleList(
            StyledBlock(wide, width, style_channels, blur_kernel)
            for wide, width in zip([None, *widths], widths))
        self.to_rgbs = nn.ModuleList(
            EqualizedLRConvModule(width, 3, 1, act_cfg=None)
            for width in widths)

    def forward(self,
                ws: Tensor,
                injected_noise: Sequence[Tensor | None] | None = None,
                randomize_noise: bool = True,
                transition_weight: float = 1.0,
                curr_scale: int = -1) -> Tensor:
        """Styles to images.

        Args:
            ws: ``[N, L, D]``.
            injected_noise: See `noise_maps`.
            randomize_noise: See `noise_maps`.
            transition_weight: Share of the newest resolution in the image;
                the rest is the next smaller image, upsampled.
            curr_scale: Side of the images, pixels; not above 0 for the
                largest.

        Returns:
            ``[N, 3, curr_scale, curr_scale]``; not limited, but trained
            towards [-1, 1].
        """
        stage = stage_of(curr_scale, self.scales, owner=type(self).__name__)
        noises = self.noise_maps(injected_noise, randomize_noise)

        # Constant, then doublings
        x = before = self.convs[0](len(ws), ws[:, :2], noises[:2])
        for index in range(1, stage + 1):
            before = x
            places = slice(2 * index, 2 * index + 2)
            x = self.convs[index](x, ws[:, places], noises[places])

        # Image, and while it is new the smaller one
        image = self.to_rgbs[stage](x)
        if stage and transition_weight < 1:
            smaller = F.interpolate(
                self.to_rgbs[stage - 1](before), scale_factor=2)
            image = blend(smaller, image, transition_weight)
        return image

    def draw_inject_index(self, curr_scale: int = -1, **kwargs) -> int:
        """Draw where the second style begins, among the layers in use."""
        stage = stage_of(curr_scale, self.scales, owner=type(self).__name__)
        return int(torch.randint(1, 2 * (stage + 1), ()))


@MODULES.register_module()
class StyleGAN1Discriminator(nn.Module):
    """Discriminator: PGGAN's with a blur before each halving.

    Args:
        in_size: Side of the largest image, pixels: 4, 8, ..., 1024.
        blur_kernel: Taps of the filter.
        mbstd_cfg: Settings of `MiniBatchStddevLayer`; None for no such layer.
        max_channels: Upper limit of the widths.
    """

    in_channels = 3

    def __init__(self,
                 in_size: int,
                 blur_kernel: Sequence[float] = (1, 2, 1),
                 mbstd_cfg: dict | None = dict(group_size=4),
                 max_channels: int = 512) -> None:
        super().__init__()
        self.scales, widths = table_up_to(
            in_size, max_channels, owner=type(self).__name__)
        widths = widths[::-1]  # from the image on
        last = widths[-1]

        self.from_rgb = nn.ModuleList(
            EqualizedLRConvModule(3, width, **CONV_ACT) for width in widths)
        self.convs = nn.ModuleList(
            nn.Sequential(
                EqualizedLRConvModule(narrow, wide, **CONV_ACT),
                blur(blur_kernel),
                EqualizedLRConvDownModule(
                    wide, wide, 3, act_cfg=LEAKY))
            for narrow, wide in pairwise(widths))
        self.minibatch_stddev = nn.Identity() if mbstd_cfg is None \
            else MiniBatchStddevLayer(**mbstd_cfg)
        self.convs.append(
            nn.Sequential(
                EqualizedLRConvModule(
                    last + (mbstd_cfg is not None), last, **CONV_ACT),
                EqualizedLRConvModule(last, last, FIRST_SCALE, act_cfg=None)))
        self.final_linear = nn.Sequential(EqualizedLRLinearAct(last, 1))

    def forward(self,
                x: Tensor,
                transition_weight: float = 1.0,
                curr_scale: int = -1) -> Tensor:
        """Images to logits.

        Args:
            x: ``[N, 3, curr_scale, curr_scale]``.
            transition_weight: Share of the newest layers in what the older
                ones see; the rest is the image, downsampled.
            curr_scale: Side of the images, pixels; not above 0 for the
                largest.

        Returns:
            ``[N, 1]``.
        """
        owner = type(self).__name__
        stage = stage_of(curr_scale, self.scales, owner=owner)
        check_images(x, self.in_channels, self.scales[stage], owner=owner)
        first = len(self.scales) - 1 - stage
        images, x = x, self.from_rgb[first](x)

        # Halvings; the first is new while the network grows
        for index in range(first, len(self.scales) - 1):
            x = self.convs[index](x)                       # [N, C', H/2, W/2]
            if index == first and transition_weight < 1:
                smaller = self.from_rgb[index + 1](F.avg_pool2d(images, 2))
                x = blend(smaller, x, transition_weight)

        # Decision
        x = self.convs[-1](self.minibatch_stddev(x))       # [N, C, 1, 1]
        return self.final_linear(x.flatten(1))


def table_up_to(size: int, max_channels: int, *,
                owner: str) -> tuple[list[int], list[int]]:
    """The sides 4, 8, ..., ``size`` and their channels."""
    scales = scales_up_to(size, owner=owner)
    if size not in WIDTHS:
        raise ValueError(f'{owner}: a side of {size} has no channel table; '
                         f'known: {", ".join(map(str, WIDTHS))}.')
    return scales, [min(WIDTHS[side], max_channels) for side in scales]


def blur(taps: Sequence[float]) -> FIRFilter:
    """A filter that keeps the resolution."""
    return FIRFilter(taps, pad=(len(taps) // 2, (len(taps) - 1) // 2))
