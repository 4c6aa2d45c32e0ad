"""The generator and discriminator of BigGAN, and what BigGAN-deep shares.

Brock, Donahue and Simonyan 2018, arXiv:1809.11096, appendix B: figure 15 and
tables 4 to 6. Sides of 32 and 64 pixels have no table there; they have the
layout of the published checkpoints. Difference from the paper: truncation cuts
the noise off at the threshold, where the paper draws it again.
"""
from collections import OrderedDict
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import (BigGANConditionBN, LayerMaker,
                                 NoiseGenerator, SelfAttentionBlock,
                                 check_images, check_labels, init_weights,
                                 load_pretrained, make_activation, make_norm,
                                 make_upsample, projection_logits)
from mmgen.models.layers.noise_generator import LabelLike, NoiseLike
from mmgen.registry import MODULES

# Channels before the first and after each block (BigGAN-deep: stage of blocks),
# in units of base_channels.
GEN_WIDTHS = {
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}

# Channels after each block (BigGAN-deep: after the first convolution and each
# stage), and how many of the blocks or stages halve the resolution.
DISC_WIDTHS = {
    32: ((4, 4, 4, 4), 2),
    64: ((1, 2, 4, 8, 16), 4),
    128: ((1, 2, 4, 8, 16, 16), 5),
    256: ((1, 2, 4, 8, 8, 16, 16), 6),
    512: ((1, 1, 2, 4, 8, 8, 16, 16), 7),
}

# Both networks attend where the feature map has this side.
ATTENTION_RESOLUTION = 64


@MODULES.register_module()
class BigGANGenResBlock(nn.Module):
    """Residual block of the generator (figure 15b).

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        dim_after_concat: Size of the condition, or the number of classes with
            ``input_is_label``; 0 for none.
        act_cfg: Activation.
        upsample_cfg: Interpolation; None to keep the resolution.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        with_spectral_norm: Whether the weights are normalised.
        input_is_label: Whether the condition is a class index.
        auto_sync_bn: Whether the batches of all processes count as one.
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
                 with_spectral_norm: bool = True,
                 input_is_label: bool = False,
                 auto_sync_bn: bool = True) -> None:
        super().__init__()
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        norm = dict(
            linear_input_channels=dim_after_concat,
            sn_eps=sn_eps,
            sn_style=sn_style,
            input_is_label=input_is_label,
            with_spectral_norm=with_spectral_norm,
            auto_sync_bn=auto_sync_bn)
        self.activation = make_activation(act_cfg)
        self.upsample = nn.Identity() if upsample_cfg is None \
            else make_upsample(upsample_cfg)
        self.shortcut = nn.Identity()
        if in_channels != out_channels or upsample_cfg is not None:
            self.shortcut = layers.named_conv(in_channels, out_channels, 1)
        self.bn1 = BigGANConditionBN(in_channels, **norm)
        self.conv1 = layers.named_conv(in_channels, out_channels, 3)
        self.bn2 = BigGANConditionBN(out_channels, **norm)
        self.conv2 = layers.named_conv(out_channels, out_channels, 3)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """``[N, C, H, W]`` and condition ``[N, D]`` to ``[N, C', 2H, 2W]``."""
        h = self.activation(self.bn1(x, y))
        h = self.conv1(self.upsample(h))
        h = self.activation(self.bn2(h, y))
        h = self.conv2(h)
        # The 1x1 convolution and the interpolation commute; this order needs
        # a quarter of the work.
        return h + self.upsample(self.shortcut(x))


@MODULES.register_module()
class BigGANDiscResBlock(nn.Module):
    """Residual block of the discriminator (figure 15c).

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        act_cfg: Activation.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        with_downsample: Whether to halve the resolution.
        with_spectral_norm: Whether the weights are normalised.
        is_head_block: Whether this is the first block, which gets an image
            and does not begin with an activation.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 act_cfg: dict = dict(type='ReLU', inplace=False),
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 with_downsample: bool = True,
                 with_spectral_norm: bool = True,
                 is_head_block: bool = False) -> None:
        super().__init__()
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        # Never in place: the shortcut needs the input as it came.
        self.activation_in = nn.Identity() if is_head_block \
            else make_activation(act_cfg, inplace=False)
        self.activation = make_activation(act_cfg)
        self.downsample = nn.AvgPool2d(2) if with_downsample \
            else nn.Identity()
        self.shortcut = nn.Identity()
        if in_channels != out_channels or with_downsample:
            self.shortcut = layers.named_conv(in_channels, out_channels, 1)
        self.conv1 = layers.named_conv(in_channels, out_channels, 3)
        self.conv2 = layers.named_conv(out_channels, out_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H/2, W/2]``."""
        h = self.conv1(self.activation_in(x))
        h = self.conv2(self.activation(h))
        # As in the generator: pooling first is the same, and cheaper.
        return self.downsample(h) + self.shortcut(self.downsample(x))


class BigGANGeneratorBase(NoiseGenerator):
    """The way of the data through the generators of BigGAN and BigGAN-deep.

    A subclass makes the parts, and says in `split_conditions` what of noise
    and class goes where.
    """

    def forward(self,
                z: Tensor,
                label: Tensor | None = None,
                truncation: float = -1.0,
                use_outside_embedding: bool = False) -> Tensor:
        """Noise and labels to images.

        Args:
            z: Noise ``[N, Z]``.
            label: Classes ``[N]``, or embeddings ``[N, D]``.
            truncation: Largest magnitude of the noise; what is beyond is cut
                off. Not above 0: none.
            use_outside_embedding: Whether ``label`` is an embedding.

        Returns:
            ``[N, C, H, W]``, [-1, 1].
        """
        if truncation > 0:
            z = z.clamp(-truncation, truncation)
        y = self.embed(label, use_outside_embedding)
        z, *conditions = self.split_conditions(z, y)

        # First feature map
        x = self.first_map(self.noise2feat(z))            # [N, C0, 4, 4]

        # Residual blocks, attention among them
        conditions = iter(conditions)
        for block in self.conv_blocks:
            if isinstance(block, SelfAttentionBlock):
                x = block(x)
            else:
                x = block(x, next(conditions))            # [N, C', H, W]

        # Image
        x = torch.tanh(self.output_layer(x))
        return x.flip(1) if self.rgb2bgr else x

    def first_map(self, features: Tensor) -> Tensor:
        """The features ``[N, 16 C]`` of the first layer as ``[N, C, 4, 4]``."""
        return features.unflatten(1, (-1, self.input_scale, self.input_scale))

    @property
    def num_blocks(self) -> int:
        """How many residual blocks there are; each takes a condition."""
        return sum(not isinstance(block, SelfAttentionBlock)
                   for block in self.conv_blocks)

    def split_conditions(self, z: Tensor,
                         y: Tensor | None) -> list[Tensor | None]:
        """The input of the first layer, then the condition of each block.

        Args:
            z: Noise ``[N, Z]``.
            y: What `embed` returns.
        """
        raise NotImplementedError

    def embed(self, label: Tensor | None,
              use_outside_embedding: bool = False) -> Tensor | None:
        """The condition of all blocks: ``[N, D]``, labels ``[N]`` or None.

        Raises:
            ValueError: An embedding where a label is expected, the other way
                round, or one of a wrong size.
        """
        owner = type(self).__name__
        size = getattr(self.shared_embedding, 'embedding_dim', None)
        if use_outside_embedding:
            if size is None:
                raise ValueError(
                    f'{owner}: use_outside_embedding=True, but the blocks '
                    'take no embedding. Set with_shared_embedding=True.')
            if not label.is_floating_point() or label.shape[1:] != (size, ):
                raise ValueError(
                    f'{owner}: label has shape {list(label.shape)} and type '
                    f'{label.dtype}, expected an embedding [N, {size}] of '
                    'floats (use_outside_embedding=True).')
            return label
        if label is not None and label.is_floating_point():
            raise ValueError(
                f'{owner}: label is an embedding {list(label.shape)}; set '
                'use_outside_embedding=True, or pass classes [N].')
        return label if size is None else self.shared_embedding(label)


@MODULES.register_module()
class BigGANGenerator(BigGANGeneratorBase):
    """Generator (figure 15a).

    Args:
        output_scale: Side of the image, pixels: 32, 64, 128, 256 or 512, or
            what ``arch_cfg`` makes.
        noise_size: Size ``Z`` of the noise. With ``split_noise`` its first
            entries are used, in as many equal parts as there are blocks plus
            one: at 256 pixels seven times 17 of 120. Noise of the used size,
            119, is taken as well.
        num_classes: ``K``; 0 for no classes.
        out_channels: Channels of the image.
        base_channels: Unit of the channel table.
        input_scale: Side of the first feature map, pixels.
        with_shared_embedding: Whether all norms take the class from one
            embedding. Otherwise each has a table of its own.
        shared_dim: Size ``D`` of that embedding.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        init_type: ``'ortho'``, ``'N02'`` or ``'xavier'``.
        split_noise: Whether each block gets a part of the noise of its own.
        act_cfg: Activation.
        upsample_cfg: Interpolation of the blocks.
        with_spectral_norm: Whether the weights are normalised.
        auto_sync_bn: Whether the batches of all processes count as one.
        blocks_cfg: Type, and further settings, of the blocks.
        arch_cfg: Lists with one entry for each block, in place of the table:
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
                 input_scale: int = 4,
                 with_shared_embedding: bool = True,
                 shared_dim: int = 128,
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 init_type: str = 'ortho',
                 split_noise: bool = True,
                 act_cfg: dict = dict(type='ReLU'),
                 upsample_cfg: dict = dict(type='nearest', scale_factor=2),
                 with_spectral_norm: bool = True,
                 auto_sync_bn: bool = True,
                 blocks_cfg: dict = dict(type='BigGANGenResBlock'),
                 arch_cfg: dict | None = None,
                 out_norm_cfg: dict = dict(type='BN'),
                 pretrained: str | dict | None = None,
                 rgb2bgr: bool = False) -> None:
        super().__init__()
        owner = type(self).__name__
        arch = arch_cfg or gen_arch(output_scale, base_channels, owner)
        check_reach(arch, input_scale, output_scale, owner)
        if split_noise and num_classes and not with_shared_embedding:
            raise ValueError(
                f'{owner}: split_noise=True needs with_shared_embedding=True: '
                'a table of classes cannot take a part of the noise as well.')
        num_blocks = len(arch['out_channels'])
        self.num_parts = num_blocks + 1 if split_noise else 1
        part = noise_size // self.num_parts
        if part < 1:
            raise ValueError(
                f'{owner}: noise_size={noise_size} cannot be split into '
                f'{self.num_parts} parts. Give at least {self.num_parts}, or '
                'split_noise=False.')
        self.noise_size = noise_size
        self.used_noise_size = part * self.num_parts
        self.num_classes = num_classes
        self.input_scale = input_scale
        self.rgb2bgr = rgb2bgr
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)

        self.shared_embedding, condition_size = class_condition(
            num_classes, with_shared_embedding, shared_dim)
        if split_noise:
            condition_size += part
        width = arch['in_channels'][0]
        self.noise2feat = layers.linear(part, width * input_scale**2)

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

    def resolve_inputs(self, noise: NoiseLike, label: LabelLike,
                       num_batches: int) -> dict[str, Tensor]:
        """As in the base; noise without the unused entries gets zeros there."""
        unused = self.noise_size - self.used_noise_size
        if unused and isinstance(noise, Tensor) \
                and noise.shape[1:] == (self.used_noise_size, ):
            noise = F.pad(noise, (0, unused))
        return super().resolve_inputs(noise, label, num_batches)

    def split_conditions(self, z: Tensor,
                         y: Tensor | None) -> list[Tensor | None]:
        """As in the base: each gets its own part of the noise."""
        if self.num_parts == 1:
            return [z] + [y] * self.num_blocks
        first, *parts = z[:, :self.used_noise_size].chunk(self.num_parts, 1)
        if y is None:
            return [first] + parts
        return [first] + [torch.cat([y, part], 1) for part in parts]


class BigGANDiscriminatorBase(nn.Module):
    """The way of the data through both discriminators.

    The logit has a part for the class, the projection of Miyato and Koyama
    2018, arXiv:1802.05637. A subclass makes the parts.
    """

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Images and labels to logits.

        Args:
            x: Images ``[N, C, H, W]``, [-1, 1].
            label: Classes ``[N]``, if there are classes.

        Returns:
            ``[N, 1]``.
        """
        owner = type(self).__name__
        check_images(x, self.in_channels, self.input_scale, owner=owner)
        check_labels(label, self.num_classes, owner=owner)
        h = self.conv_blocks(self.input_conv(x))          # [N, C', 4, 4]
        h = self.activation(h).sum((2, 3))                # [N, C']
        return projection_logits(h, self.decision, self.proj_y, label)


@MODULES.register_module()
class BigGANDiscriminator(BigGANDiscriminatorBase):
    """Discriminator.

    Args:
        input_scale: Side of the image, pixels: 32, 64, 128, 256 or 512, or
            any with ``arch_cfg``.
        num_classes: ``K``; 0 for no classes.
        in_channels: Channels of the image.
        out_channels: Logits for each image.
        base_channels: Unit of the channel table.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        init_type: ``'ortho'``, ``'N02'`` or ``'xavier'``.
        act_cfg: Activation.
        with_spectral_norm: Whether the weights are normalised.
        blocks_cfg: Type, and further settings, of the blocks.
        arch_cfg: Lists with one entry for each block, in place of the table:
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
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 init_type: str = 'ortho',
                 act_cfg: dict = dict(type='ReLU'),
                 with_spectral_norm: bool = True,
                 blocks_cfg: dict = dict(type='BigGANDiscResBlock'),
                 arch_cfg: dict | None = None,
                 pretrained: str | dict | None = None) -> None:
        super().__init__()
        arch = arch_cfg or disc_arch(
            input_scale, base_channels, type(self).__name__, in_channels)
        self.input_scale = input_scale
        self.in_channels = in_channels
        self.num_classes = num_classes
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)

        block = dict(
            act_cfg=act_cfg,
            sn_eps=sn_eps,
            sn_style=sn_style,
            with_spectral_norm=with_spectral_norm)
        self.input_conv = nn.Identity()
        self.conv_blocks = nn.Sequential(
            *residual_blocks(arch, layers, {**block, **blocks_cfg}, [
                dict(with_downsample=down, is_head_block=index == 0)
                for index, down in enumerate(arch['downsample'])]))
        width = arch['out_channels'][-1]
        self.activation = make_activation(act_cfg)
        self.decision = layers.linear(width, out_channels)
        self.proj_y = layers.embedding(num_classes, width) \
            if num_classes else None
        init_weights(self, init_type)
        load_pretrained(self, pretrained)


def check_reach(arch: dict, input_scale: int, output_scale: int,
                owner: str) -> None:
    """Refuse blocks that do not end at the side of the image."""
    reached = input_scale * 2**sum(arch['upsample'])
    if reached != output_scale:
        raise ValueError(
            f'{owner}: the blocks make {reached} pixels of '
            f'input_scale={input_scale}, but output_scale={output_scale}.')


def class_condition(num_classes: int, with_shared_embedding: bool,
                    shared_dim: int) -> tuple[nn.Embedding | None, int]:
    """The embedding that all norms share, if any, and the size of a class.

    The size that a norm needs is that of the embedding, or the number of
    classes where each norm has a table of its own; 0 without classes.
    """
    if num_classes and with_shared_embedding:
        return nn.Embedding(num_classes, shared_dim), shared_dim
    return None, num_classes


def residual_blocks(arch: dict, layers: LayerMaker, cfg: dict,
                    own: list[dict]) -> Iterator[nn.Module]:
    """The residual blocks, and after some of them attention.

    Args:
        arch: ``in_channels``, ``out_channels`` and ``attention``, each a
            list with one entry for each block.
        layers: How attention makes its layers.
        cfg: Type and settings of all blocks.
        own: Settings of each block.
    """
    for index, width in enumerate(arch['out_channels']):
        yield MODULES.build({
            **cfg, 'in_channels': arch['in_channels'][index],
            'out_channels': width, **own[index]
        })
        if arch['attention'][index]:
            yield SelfAttentionBlock(width, layers.with_spectral_norm,
                                     layers.sn_eps, layers.sn_style)


def image_layer(channels: int, out_channels: int, layers: LayerMaker,
                act_cfg: dict, norm_cfg: dict, sync: bool) -> nn.Sequential:
    """Norm, activation and convolution from the last features to the image."""
    norm_name, norm = make_norm(norm_cfg, channels, sync=sync)
    return nn.Sequential(
        OrderedDict([(norm_name, norm), ('activate', make_activation(act_cfg)),
                     ('conv', layers.conv(channels, out_channels, 3))]))


def gen_arch(output_scale: int, base_channels: int, owner: str) -> dict:
    """The generator's blocks for one row of the table."""
    _require_table(output_scale, GEN_WIDTHS, 'output_scale', owner)
    widths = [base_channels * unit for unit in GEN_WIDTHS[output_scale]]
    sides = [4 * 2**index for index in range(1, len(widths))]
    return dict(
        in_channels=widths[:-1],
        out_channels=widths[1:],
        upsample=[True] * len(sides),
        attention=[side == ATTENTION_RESOLUTION for side in sides])


def disc_arch(input_scale: int, base_channels: int, owner: str,
              image_channels: int | None = None,
              attention: int = ATTENTION_RESOLUTION) -> dict:
    """The discriminator's blocks for one row of the table.

    Args:
        input_scale: The row.
        base_channels: Unit of its widths.
        owner: Who asks, for the message.
        image_channels: What goes into the first block; None where that is
            the row's first width, which a convolution makes of the image.
        attention: Side of the feature map that is attended to.
    """
    _require_table(input_scale, DISC_WIDTHS, 'input_scale', owner)
    units, halvings = DISC_WIDTHS[input_scale]
    widths = [base_channels * unit for unit in units]
    if image_channels is not None:
        widths.insert(0, image_channels)
    downsample = [index < halvings for index in range(len(widths) - 1)]
    sides = [input_scale // 2**sum(downsample[:index + 1])
             for index in range(len(downsample))]
    return dict(
        in_channels=widths[:-1],
        out_channels=widths[1:],
        downsample=downsample,
        attention=[side == attention for side in sides])


def _require_table(scale: int, table: dict, name: str, owner: str) -> None:
    """Refuse a resolution for which the paper has no table."""
    if scale not in table:
        raise ValueError(
            f'{owner}: {name}={scale} has no channel table; known: '
            f'{", ".join(map(str, table))}. Pass arch_cfg for another size.')
