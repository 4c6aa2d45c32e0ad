"""The generator and discriminator of BigGAN-deep.

Brock, Donahue and Simonyan 2018, arXiv:1809.11096, appendix B: figure 16 and
tables 7 to 9. Against BigGAN the blocks are bottlenecks, twice as many, whose
skip connection drops channels or adds some instead of projecting all; and the
whole noise goes everywhere, where BigGAN splits it. Sides of 32 and 64 pixels
have no table there; they have the widths of BigGAN's.
"""
from collections.abc import Iterable
from itertools import chain

import torch
from torch import Tensor, nn

from mmgen.models.biggan.networks import (ATTENTION_RESOLUTION,
                                          BigGANDiscriminatorBase,
                                          BigGANGeneratorBase, check_reach,
                                          class_condition, disc_arch, gen_arch,
                                          image_layer, residual_blocks)
from mmgen.models.layers import (BigGANConditionBN, LayerMaker, init_weights,
                                 load_pretrained, make_activation,
                                 make_upsample)
from mmgen.registry import MODELS

# Sides at which the discriminator attends to a map of another side than
# ATTENTION_RESOLUTION, as the published checkpoints have it.
DISC_ATTENTION = {512: 32}


@MODELS.register_module()
class BigGANDeepGenResBlock(nn.Module):
    """Residual block of the generator (figure 16b).

    Args:
        in_channels: Channels in.
        out_channels: Channels out; the skip connection keeps the first ones.
        dim_after_concat: Size of the condition, or the number of classes with
            ``input_is_label``; 0 for none.
        act_cfg: Activation.
        upsample_cfg: Interpolation; None to keep the resolution.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        bn_eps: Added to the variance in the norms.
        with_spectral_norm: Whether the weights are normalised.
        input_is_label: Whether the condition is a class index.
        auto_sync_bn: Whether the batches of all processes count as one.
        channel_ratio: Channels in for each one inside.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 dim_after_concat: int,
                 act_cfg: dict = dict(type='ReLU'),
                 upsample_cfg: dict | None = dict(
                     type='nearest', scale_factor=2),
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 bn_eps: float = 1e-5,
                 with_spectral_norm: bool = True,
                 input_is_label: bool = False,
                 auto_sync_bn: bool = True,
                 channel_ratio: int = 4) -> None:
        super().__init__()
        owner = type(self).__name__
        if out_channels > in_channels:
            raise ValueError(
                f'{owner}: {in_channels} channels cannot become '
                f'{out_channels}: the skip connection only drops channels.')
        hidden = _bottleneck('in_channels', in_channels, channel_ratio, owner)
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        norm = dict(
            linear_input_channels=dim_after_concat,
            bn_eps=bn_eps,
            sn_eps=sn_eps,
            sn_style=sn_style,
            input_is_label=input_is_label,
            with_spectral_norm=with_spectral_norm,
            auto_sync_bn=auto_sync_bn)
        self.out_channels = out_channels
        self.activation = make_activation(act_cfg)
        self.upsample = nn.Identity() if upsample_cfg is None \
            else make_upsample(upsample_cfg)
        self.bn1 = BigGANConditionBN(in_channels, **norm)
        self.conv1 = layers.named_conv(in_channels, hidden, 1)
        self.bn2 = BigGANConditionBN(hidden, **norm)
        self.conv2 = layers.named_conv(hidden, hidden, 3)
        self.bn3 = BigGANConditionBN(hidden, **norm)
        self.conv3 = layers.named_conv(hidden, hidden, 3)
        self.bn4 = BigGANConditionBN(hidden, **norm)
        self.conv4 = layers.named_conv(hidden, out_channels, 1)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """``[N, C, H, W]`` and condition ``[N, D]`` to ``[N, C', 2H, 2W]``."""
        h = self.conv1(self.activation(self.bn1(x, y)))
        h = self.activation(self.bn2(h, y))
        h = self.conv2(self.upsample(h))
        h = self.conv3(self.activation(self.bn3(h, y)))
        h = self.conv4(self.activation(self.bn4(h, y)))
        return h + self.upsample(x[:, :self.out_channels])


@MODELS.register_module()
class BigGANDeepDiscResBlock(nn.Module):
    """Residual block of the discriminator (figure 16c).

    Args:
        in_channels: Channels in.
        out_channels: Channels out; where they are more, a 1x1 convolution in
            the skip connection makes those that are missing.
        channel_ratio: Channels out for each one inside.
        act_cfg: Activation.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        with_downsample: Whether to halve the resolution.
        with_spectral_norm: Whether the weights are normalised.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 channel_ratio: int = 4,
                 act_cfg: dict = dict(type='ReLU', inplace=False),
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 with_downsample: bool = True,
                 with_spectral_norm: bool = True) -> None:
        super().__init__()
        owner = type(self).__name__
        if out_channels < in_channels:
            raise ValueError(
                f'{owner}: {in_channels} channels cannot become '
                f'{out_channels}: the skip connection only adds channels.')
        hidden = _bottleneck(
            'out_channels', out_channels, channel_ratio, owner)
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        # Never in place: the shortcut needs the input as it came.
        self.activation_in = make_activation(act_cfg, inplace=False)
        self.activation = make_activation(act_cfg)
        self.downsample = nn.AvgPool2d(2) if with_downsample \
            else nn.Identity()
        self.shortcut = None
        if out_channels > in_channels:
            self.shortcut = layers.named_conv(
                in_channels, out_channels - in_channels, 1)
        self.conv1 = layers.named_conv(in_channels, hidden, 1)
        self.conv2 = layers.named_conv(hidden, hidden, 3)
        self.conv3 = layers.named_conv(hidden, hidden, 3)
        self.conv4 = layers.named_conv(hidden, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H/2, W/2]``."""
        h = self.conv1(self.activation_in(x))
        h = self.conv2(self.activation(h))
        h = self.conv3(self.activation(h))
        h = self.conv4(self.downsample(self.activation(h)))
        x = self.downsample(x)
        if self.shortcut is not None:
            x = torch.cat([x, self.shortcut(x)], 1)
        return h + x


@MODELS.register_module()
class BigGANDeepGenerator(BigGANGeneratorBase):
    """Generator (figure 16a).

    Args:
        output_scale: Side of the image, pixels: 32, 64, 128, 256 or 512, or
            what ``arch_cfg`` makes.
        noise_size: Size ``Z`` of the noise.
        num_classes: ``K``; 0 for no classes.
        out_channels: Channels of the image.
        base_channels: Unit of the channel table.
        block_depth: Blocks for each stage of the table.
        input_scale: Side of the first feature map, pixels.
        with_shared_embedding: Whether all norms take the class from one
            embedding. Otherwise each has a table of its own.
        shared_dim: Size ``D`` of that embedding.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        init_type: ``'ortho'``, ``'N02'`` or ``'xavier'``.
        concat_noise: Whether noise and embedding are joined, for the first
            layer and all blocks. Otherwise the first layer takes the noise,
            the blocks the class.
        act_cfg: Activation.
        upsample_cfg: Interpolation of the blocks.
        with_spectral_norm: Whether the weights are normalised.
        auto_sync_bn: Whether the batches of all processes count as one.
        blocks_cfg: Type, and further settings, of the blocks.
        arch_cfg: Lists with one entry for each stage, in place of the table:
            ``in_channels``, ``out_channels`` (numbers, not units),
            ``upsample`` and ``attention`` (booleans).
        out_norm_cfg: Normalisation before the last convolution.
        pretrained: See `load_pretrained`.
        rgb2bgr: Whether to reverse the order of the channels at the end: for
            weights that make RGB in a project that works in BGR.
    """

    def __init__(self,
                 output_scale: int,
                 noise_size: int = 120,
                 num_classes: int = 0,
                 out_channels: int = 3,
                 base_channels: int = 96,
                 block_depth: int = 2,
                 input_scale: int = 4,
                 with_shared_embedding: bool = True,
                 shared_dim: int = 128,
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 init_type: str = 'ortho',
                 concat_noise: bool = True,
                 act_cfg: dict = dict(type='ReLU', inplace=False),
                 upsample_cfg: dict = dict(type='nearest', scale_factor=2),
                 with_spectral_norm: bool = True,
                 auto_sync_bn: bool = True,
                 blocks_cfg: dict = dict(type='BigGANDeepGenResBlock'),
                 arch_cfg: dict | None = None,
                 out_norm_cfg: dict = dict(type='BN'),
                 pretrained: str | dict | None = None,
                 rgb2bgr: bool = False) -> None:
        super().__init__()
        owner = type(self).__name__
        stages = arch_cfg or gen_arch(output_scale, base_channels, owner)
        check_reach(stages, input_scale, output_scale, owner)
        arch = gen_blocks(stages, block_depth, owner)
        if concat_noise and num_classes and not with_shared_embedding:
            raise ValueError(
                f'{owner}: concat_noise=True needs with_shared_embedding=True:'
                ' a table of classes cannot take the noise as well.')
        self.noise_size = noise_size
        self.num_classes = num_classes
        self.concat_noise = concat_noise
        self.input_scale = input_scale
        self.rgb2bgr = rgb2bgr
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)

        self.shared_embedding, condition_size = class_condition(
            num_classes, with_shared_embedding, shared_dim)
        first_size = noise_size
        if concat_noise:
            condition_size += noise_size
            first_size = condition_size
        width = arch['in_channels'][0]
        self.noise2feat = layers.linear(first_size, width * input_scale**2)

        block = dict(
            act_cfg=act_cfg,
            dim_after_concat=condition_size,
            sn_eps=sn_eps,
            sn_style=sn_style,
            with_spectral_norm=with_spectral_norm,
            input_is_label=bool(num_classes) and not with_shared_embedding,
            auto_sync_bn=auto_sync_bn)
        self.conv_blocks = nn.ModuleList(
            residual_blocks(arch, layers, {**block, **blocks_cfg}, [
                dict(upsample_cfg=upsample_cfg if up else None)
                for up in arch['upsample']]))
        self.output_layer = image_layer(
            arch['out_channels'][-1], out_channels, layers, act_cfg,
            out_norm_cfg, auto_sync_bn)
        init_weights(self, init_type)
        load_pretrained(self, pretrained)

    def first_map(self, features: Tensor) -> Tensor:
        """As in the base, but the channels are innermost.

        Published weights come from a framework that keeps images so.
        """
        side = self.input_scale
        x = features.unflatten(1, (side, side, -1)).permute(0, 3, 1, 2)
        # The weights choose the memory format of what follows, not this view.
        return x.contiguous()

    def split_conditions(self, z: Tensor,
                         y: Tensor | None) -> list[Tensor | None]:
        """As in the base: all get the same, unless the noise stays out."""
        if not self.concat_noise:
            return [z] + [y] * self.num_blocks
        both = z if y is None else torch.cat([z, y], 1)   # [N, Z + D]
        return [both] * (1 + self.num_blocks)


@MODELS.register_module()
class BigGANDeepDiscriminator(BigGANDiscriminatorBase):
    """Discriminator.

    Args:
        input_scale: Side of the image, pixels: 32, 64, 128, 256 or 512, or
            any with ``arch_cfg``.
        num_classes: ``K``; 0 for no classes.
        in_channels: Channels of the image.
        out_channels: Logits for each image.
        base_channels: Unit of the channel table.
        block_depth: Blocks for each stage of the table.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        init_type: ``'ortho'``, ``'N02'`` or ``'xavier'``.
        act_cfg: Activation.
        with_spectral_norm: Whether the weights are normalised.
        blocks_cfg: Type, and further settings, of the blocks.
        arch_cfg: Lists with one entry for each stage, in place of the table:
            ``in_channels``, ``out_channels`` (numbers, not units),
            ``downsample`` and ``attention`` (booleans).
        pretrained: See `load_pretrained`.
    """

    def __init__(self,
                 input_scale: int,
                 num_classes: int = 0,
                 in_channels: int = 3,
                 out_channels: int = 1,
                 base_channels: int = 96,
                 block_depth: int = 2,
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 init_type: str = 'ortho',
                 act_cfg: dict = dict(type='ReLU', inplace=False),
                 with_spectral_norm: bool = True,
                 blocks_cfg: dict = dict(type='BigGANDeepDiscResBlock'),
                 arch_cfg: dict | None = None,
                 pretrained: str | dict | None = None) -> None:
        super().__init__()
        owner = type(self).__name__
        stages = arch_cfg or disc_arch(
            input_scale,
            base_channels,
            owner,
            attention=DISC_ATTENTION.get(input_scale, ATTENTION_RESOLUTION))
        arch = disc_blocks(stages, block_depth, owner)
        self.input_scale = input_scale
        self.in_channels = in_channels
        self.num_classes = num_classes
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)

        block = dict(
            act_cfg=act_cfg,
            sn_eps=sn_eps,
            sn_style=sn_style,
            with_spectral_norm=with_spectral_norm)
        self.input_conv = layers.named_conv(
            in_channels, arch['in_channels'][0], 3)
        self.conv_blocks = nn.Sequential(
            *residual_blocks(arch, layers, {**block, **blocks_cfg}, [
                dict(with_downsample=down) for down in arch['downsample']]))
        width = arch['out_channels'][-1]
        self.activation = make_activation(act_cfg)
        self.decision = layers.linear(width, out_channels)
        self.proj_y = layers.embedding(num_classes, width) \
            if num_classes else None
        init_weights(self, init_type)
        load_pretrained(self, pretrained)


def gen_blocks(stages: dict, depth: int, owner: str) -> dict:
    """``depth`` blocks for each stage; the last changes width and side."""
    before = [False] * _same_blocks(depth, owner)
    widths = stages['in_channels']
    return dict(
        in_channels=_flat([width] * depth for width in widths),
        out_channels=_flat(
            [width] * len(before) + [out]
            for width, out in zip(widths, stages['out_channels'])),
        upsample=_flat([*before, up] for up in stages['upsample']),
        attention=_flat([*before, attends] for attends in stages['attention']))


def disc_blocks(stages: dict, depth: int, owner: str) -> dict:
    """``depth`` blocks for each stage; the first changes width and side."""
    after = [False] * _same_blocks(depth, owner)
    widths = stages['out_channels']
    return dict(
        in_channels=_flat(
            [into] + [width] * len(after)
            for into, width in zip(stages['in_channels'], widths)),
        out_channels=_flat([width] * depth for width in widths),
        downsample=_flat([down, *after] for down in stages['downsample']),
        attention=_flat([*after, attends] for attends in stages['attention']))


def _same_blocks(depth: int, owner: str) -> int:
    """How many blocks of a stage keep width and side."""
    if depth < 1:
        raise ValueError(
            f'{owner}: block_depth={depth}, expected at least 1 block for '
            'each stage.')
    return depth - 1


def _flat(stages: Iterable[list]) -> list:
    """The blocks of all stages in one list."""
    return list(chain.from_iterable(stages))


def _bottleneck(name: str, channels: int, ratio: int, owner: str) -> int:
    """The channels inside of a block."""
    if channels < ratio:
        raise ValueError(
            f'{owner}: {name}={channels} and channel_ratio={ratio} leave no '
            'channel inside the block. Give more channels or a smaller ratio.')
    return channels // ratio
