"""The generator and discriminator of SNGAN, of projection and of SAGAN.

Miyato, Kataoka, Koyama and Yoshida 2018, arXiv:1802.05957, appendix B, tables
4 (32 pixels) and 6 (128 pixels): the residual networks. Miyato and Koyama
2018, arXiv:1802.05637: conditional batch norm, and the projection that tells
the discriminator the class. Zhang et al. 2018, arXiv:1805.08318: spectral norm
in the generator too, and self-attention in both. Sides of 64 pixels have no
table there; they have the layout of 1.x.
"""
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgen.models.layers import (InitStyle, LayerMaker, NoiseGenerator,
                                 SNConditionNorm, check_conv_cfg,
                                 check_images, check_labels, init_style,
                                 init_weights, load_pretrained,
                                 make_activation, make_norm, make_upsample,
                                 named_parts, projection_logits)
from mmgen.registry import MODULES

# Channels before each block, in units of base_channels; after the last block
# there is one unit.
GEN_WIDTHS = {
    32: (1, 1, 1),
    64: (16, 8, 4, 2),
    128: (16, 16, 8, 4, 2),
}

# Channels after each block that follows the first, which makes one unit and
# halves the resolution.
DISC_WIDTHS = {
    32: (1, 1, 1),
    64: (2, 4, 8, 16),
    128: (2, 4, 8, 16, 16),
}

# Whether each of these blocks halves the resolution.
DISC_DOWNSAMPLES = {
    32: (True, False, False),
    64: (True, True, True, True),
    128: (True, True, True, True, False),
}


@MODULES.register_module()
class SNGANGenResBlock(nn.Module):
    """Residual block of the generator.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        hidden_channels: Channels between the convolutions; None for
            ``out_channels``.
        num_classes: ``K``; 0 for no classes.
        use_cbn: Whether the norms have a gain and a bias of each class.
        use_norm_affine: Whether they have common ones beside these.
        act_cfg: Activation.
        norm_cfg: Normalisation.
        upsample_cfg: Interpolation.
        upsample: Whether to interpolate.
        auto_sync_bn: Whether the batches of all processes count as one.
        conv_cfg: Only None or ``dict(type='Conv2d')``.
        with_spectral_norm: Whether the weights are normalised.
        with_embedding_spectral_norm: Whether the gains and biases of the
            classes are; None for as the weights.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        norm_eps: Epsilon of the normalisation.
        sn_eps: Epsilon of the spectral norm.
        init_cfg: See `init_style`.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 hidden_channels: int | None = None,
                 num_classes: int = 0,
                 use_cbn: bool = True,
                 use_norm_affine: bool = False,
                 act_cfg: dict = dict(type='ReLU'),
                 norm_cfg: dict = dict(type='BN'),
                 upsample_cfg: dict = dict(type='nearest', scale_factor=2),
                 upsample: bool = True,
                 auto_sync_bn: bool = True,
                 conv_cfg: dict | None = None,
                 with_spectral_norm: bool = False,
                 with_embedding_spectral_norm: bool | None = None,
                 sn_style: str = 'torch',
                 norm_eps: float = 1e-4,
                 sn_eps: float = 1e-12,
                 init_cfg: dict = dict(type='BigGAN')) -> None:
        super().__init__()
        owner = type(self).__name__
        check_conv_cfg(conv_cfg, 'Conv2d', owner=owner)
        style = init_style(init_cfg, owner=owner)
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        hidden_channels = hidden_channels or out_channels
        if with_embedding_spectral_norm is None:
            with_embedding_spectral_norm = with_spectral_norm
        norm = dict(
            num_classes=num_classes,
            use_cbn=use_cbn,
            norm_cfg=norm_cfg,
            cbn_norm_affine=use_norm_affine,
            auto_sync_bn=auto_sync_bn,
            with_spectral_norm=with_embedding_spectral_norm,
            sn_style=sn_style,
            norm_eps=norm_eps,
            sn_eps=sn_eps,
            init_cfg=init_cfg)
        self.activate = make_activation(act_cfg)
        self.upsample = make_upsample(upsample_cfg) if upsample \
            else nn.Identity()
        self.shortcut = nn.Identity()
        if in_channels != out_channels or upsample:
            self.shortcut = layers.named_conv(in_channels, out_channels, 1)
        self.norm_1 = SNConditionNorm(in_channels, **norm)
        self.conv_1 = layers.named_conv(in_channels, hidden_channels, 3)
        self.norm_2 = SNConditionNorm(hidden_channels, **norm)
        self.conv_2 = layers.named_conv(hidden_channels, out_channels, 3)
        init_residual(self, style)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """``[N, C, H, W]`` and labels ``[N]`` to ``[N, C', 2H, 2W]``."""
        h = self.activate(self.norm_1(x, y))
        h = self.conv_1(self.upsample(h))
        h = self.activate(self.norm_2(h, y))
        h = self.conv_2(h)
        # The 1x1 convolution and the interpolation commute; this order needs
        # a quarter of the work.
        return h + self.upsample(self.shortcut(x))


@MODULES.register_module()
class SNGANDiscResBlock(nn.Module):
    """Residual block of the discriminator.

    It begins with the activation. In the papers only the residual path does:
    the shortcut takes the input as it came. With ``inplace=True`` in
    ``act_cfg`` the shortcut takes the activated input as well: the published
    weights called ``wReLUinplace`` were trained so, their activation having
    overwritten what the shortcut read. Nothing is computed in place here.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        hidden_channels: Channels between the convolutions; None for
            ``out_channels``.
        downsample: Whether to halve the resolution.
        act_cfg: Activation; see above for ``inplace``.
        conv_cfg: Only None or ``dict(type='Conv2d')``.
        with_spectral_norm: Whether the weights are normalised.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        sn_eps: Epsilon of the spectral norm.
        init_cfg: See `init_style`.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 hidden_channels: int | None = None,
                 downsample: bool = False,
                 act_cfg: dict = dict(type='ReLU'),
                 conv_cfg: dict | None = None,
                 with_spectral_norm: bool = True,
                 sn_style: str = 'torch',
                 sn_eps: float = 1e-12,
                 init_cfg: dict = dict(type='BigGAN')) -> None:
        super().__init__()
        owner = type(self).__name__
        check_conv_cfg(conv_cfg, 'Conv2d', owner=owner)
        style = init_style(init_cfg, owner=owner)
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        hidden_channels = hidden_channels or out_channels
        self.activates_shortcut = act_cfg.get('inplace', False)
        self.activate = make_activation(act_cfg, inplace=False)
        self.downsample = nn.AvgPool2d(2) if downsample else nn.Identity()
        self.shortcut = nn.Identity()
        if in_channels != out_channels or downsample:
            self.shortcut = layers.named_conv(in_channels, out_channels, 1)
        self.conv_1 = layers.named_conv(in_channels, hidden_channels, 3)
        self.conv_2 = layers.named_conv(hidden_channels, out_channels, 3)
        init_residual(self, style)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H/2, W/2]``."""
        activated = self.activate(x)
        h = self.activate(self.conv_1(activated))
        h = self.conv_2(h)
        if self.activates_shortcut:
            x = activated
        # As in the generator: pooling first is the same, and cheaper.
        return self.downsample(h) + self.shortcut(self.downsample(x))


@MODULES.register_module()
class SNGANDiscHeadResBlock(nn.Module):
    """First block of the discriminator: takes an image, halves its resolution.

    Args:
        in_channels: Channels of the image.
        out_channels: Channels out.
        conv_cfg: Only None or ``dict(type='Conv2d')``.
        act_cfg: Activation between the convolutions.
        with_spectral_norm: Whether the weights are normalised.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        init_cfg: See `init_style`.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 conv_cfg: dict | None = None,
                 act_cfg: dict = dict(type='ReLU'),
                 with_spectral_norm: bool = True,
                 sn_eps: float = 1e-12,
                 sn_style: str = 'torch',
                 init_cfg: dict = dict(type='BigGAN')) -> None:
        super().__init__()
        owner = type(self).__name__
        check_conv_cfg(conv_cfg, 'Conv2d', owner=owner)
        style = init_style(init_cfg, owner=owner)
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        self.activate = make_activation(act_cfg)
        self.downsample = nn.AvgPool2d(2)
        self.shortcut = layers.named_conv(in_channels, out_channels, 1)
        self.conv_1 = layers.named_conv(in_channels, out_channels, 3)
        self.conv_2 = layers.named_conv(out_channels, out_channels, 3)
        init_residual(self, style)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H/2, W/2]``."""
        h = self.activate(self.conv_1(x))
        h = self.conv_2(h)
        return self.downsample(h) + self.shortcut(self.downsample(x))


@MODULES.register_module(name=['SNGANGenerator', 'SAGANGenerator'])
class SNGANGenerator(NoiseGenerator):
    """Generator of SNGAN; with spectral norm and attention that of SAGAN.

    Args:
        output_scale: Side of the image, pixels: 32, 64 or 128, or what
            ``channels_cfg`` makes.
        num_classes: ``K``; 0 for no classes.
        base_channels: Unit of the channel table.
        out_channels: Channels of the image.
        input_scale: Side of the first feature map, pixels.
        noise_size: Size ``Z`` of the noise.
        attention_cfg: Type, and further settings, of the attention.
        attention_after_nth_block: Number of the block, or of the blocks,
            after which there is attention, counted from 1; None, 0 or -1 for
            none.
        channels_cfg: In place of the table: channels before each block, in
            units of ``base_channels``, or a dict with such a list for each
            ``output_scale``. The last block makes one unit.
        blocks_cfg: Type, and further settings, of the blocks.
        act_cfg: Activation.
        use_cbn: Whether the norms have a gain and a bias of each class.
        auto_sync_bn: Whether the batches of all processes count as one.
        with_spectral_norm: Whether the weights are normalised.
        with_embedding_spectral_norm: Whether the gains and biases of the
            classes are; None for as the weights.
        sn_style: ``'torch'`` or ``'ajbrock'``, in the blocks and the
            attention; the first and the last layer always have torch's, as
            in 1.x.
        norm_eps: Epsilon of the normalisations.
        sn_eps: Epsilon of the spectral norm.
        init_cfg: See `init_style`.
        pretrained: See `load_pretrained`.
        rgb_to_bgr: Whether to reverse the order of the channels at the end:
            for weights that make RGB in a project that works in BGR.
    """

    def __init__(self,
                 output_scale: int,
                 num_classes: int = 0,
                 base_channels: int = 64,
                 out_channels: int = 3,
                 input_scale: int = 4,
                 noise_size: int = 128,
                 attention_cfg: dict = dict(type='SelfAttentionBlock'),
                 attention_after_nth_block: int | Sequence[int] | None = 0,
                 channels_cfg: Sequence[int] | dict | None = None,
                 blocks_cfg: dict = dict(type='SNGANGenResBlock'),
                 act_cfg: dict = dict(type='ReLU'),
                 use_cbn: bool = True,
                 auto_sync_bn: bool = True,
                 with_spectral_norm: bool = False,
                 with_embedding_spectral_norm: bool | None = None,
                 sn_style: str = 'torch',
                 norm_eps: float = 1e-4,
                 sn_eps: float = 1e-12,
                 init_cfg: dict = dict(type='BigGAN'),
                 pretrained: str | dict | None = None,
                 rgb_to_bgr: bool = False) -> None:
        super().__init__()
        owner = type(self).__name__
        units = list_for_scale(
            channels_cfg, GEN_WIDTHS, output_scale,
            what='output_scale', keyword='channels_cfg', owner=owner)
        reached = input_scale * 2**len(units)
        if reached != output_scale:
            raise ValueError(
                f'{owner}: {len(units)} blocks make {reached} pixels of '
                f'input_scale={input_scale}, but output_scale={output_scale}.')
        self.noise_size = noise_size
        self.num_classes = num_classes
        self.input_scale = input_scale
        self.rgb_to_bgr = rgb_to_bgr
        widths = [unit * base_channels for unit in (*units, 1)]
        attends = attention_blocks(
            attention_after_nth_block, len(units), owner=owner)
        style = init_style(init_cfg, owner=owner)
        ends = LayerMaker(with_spectral_norm, 'torch', sn_eps)
        normalized = dict(
            with_spectral_norm=with_spectral_norm,
            sn_style=sn_style,
            sn_eps=sn_eps)
        block = dict(
            num_classes=num_classes,
            use_cbn=use_cbn,
            act_cfg=act_cfg,
            auto_sync_bn=auto_sync_bn,
            with_embedding_spectral_norm=with_embedding_spectral_norm,
            norm_eps=norm_eps,
            init_cfg=init_cfg,
            **normalized)

        self.noise2feat = ends.linear(noise_size, widths[0] * input_scale**2)
        self.conv_blocks = nn.ModuleList()
        self.attention_at = []
        for number, width in enumerate(widths[1:], 1):
            self.conv_blocks.append(
                MODULES.build({
                    **block,
                    **blocks_cfg, 'in_channels': widths[number - 1],
                    'out_channels': width
                }))
            if number in attends:
                self.attention_at.append(len(self.conv_blocks))
                self.conv_blocks.append(
                    make_attention(attention_cfg, width, normalized, style))
        norm = make_norm(
            dict(type='BN', eps=norm_eps), width, sync=auto_sync_bn)
        self.to_rgb = nn.Sequential(
            named_parts(
                ends.conv(width, out_channels, 3), norm, act_cfg,
                order=('norm', 'act', 'conv')))
        init_weights(self.noise2feat, style.init_type)
        init_weights(self.to_rgb, style.init_type)
        load_pretrained(self, pretrained)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Noise ``[N, Z]`` and labels ``[N]`` to images.

        Returns:
            ``[N, C, H, W]``, [-1, 1].
        """
        # First feature map
        x = self.noise2feat(z)                            # [N, 16 C0]
        side = self.input_scale
        x = x.unflatten(1, (-1, side, side))              # [N, C0, 4, 4]

        # Residual blocks, attention among them
        for index, block in enumerate(self.conv_blocks):
            if index in self.attention_at:
                x = block(x)
            else:
                x = block(x, label)                       # [N, C', 2H, 2W]

        # Image
        x = torch.tanh(self.to_rgb(x))
        return x.flip(1) if self.rgb_to_bgr else x


@MODULES.register_module(name=['ProjDiscriminator', 'SAGANDiscriminator'])
class ProjDiscriminator(nn.Module):
    """Discriminator of SNGAN with projection; with attention that of SAGAN.

    Args:
        input_scale: Side of the image, pixels: 32, 64 or 128, or any with
            ``channels_cfg`` and ``downsample_cfg``.
        num_classes: ``K``; 0 for no classes.
        base_channels: Unit of the channel table.
        input_channels: Channels of the image.
        attention_cfg: Type, and further settings, of the attention.
        attention_after_nth_block: Number of the block, or of the blocks,
            after which there is attention; the first block is 1. None, 0 or
            -1 for none.
        channels_cfg: In place of the table: channels after each block that
            follows the first, in units of ``base_channels``, or a dict with
            such a list for each ``input_scale``.
        downsample_cfg: In place of the table: whether each of these blocks
            halves the resolution; a list or a dict.
        from_rgb_cfg: Type, and further settings, of the first block.
        blocks_cfg: Type, and further settings, of the others.
        act_cfg: Activation. With ``inplace=True`` this is another network,
            see `SNGANDiscResBlock`.
        with_spectral_norm: Whether the weights are normalised.
        sn_style: ``'torch'`` or ``'ajbrock'``, in the blocks and the
            attention; the last layers always have torch's, as in 1.x.
        sn_eps: Epsilon of the spectral norm.
        init_cfg: See `init_style`.
        pretrained: See `load_pretrained`.
    """

    def __init__(self,
                 input_scale: int,
                 num_classes: int = 0,
                 base_channels: int = 128,
                 input_channels: int = 3,
                 attention_cfg: dict = dict(type='SelfAttentionBlock'),
                 attention_after_nth_block: int | Sequence[int] | None = -1,
                 channels_cfg: Sequence[int] | dict | None = None,
                 downsample_cfg: Sequence[bool] | dict | None = None,
                 from_rgb_cfg: dict = dict(type='SNGANDiscHeadResBlock'),
                 blocks_cfg: dict = dict(type='SNGANDiscResBlock'),
                 act_cfg: dict = dict(type='ReLU'),
                 with_spectral_norm: bool = True,
                 sn_style: str = 'torch',
                 sn_eps: float = 1e-12,
                 init_cfg: dict = dict(type='BigGAN'),
                 pretrained: str | dict | None = None) -> None:
        super().__init__()
        owner = type(self).__name__
        units = list_for_scale(
            channels_cfg, DISC_WIDTHS, input_scale,
            what='input_scale', keyword='channels_cfg', owner=owner)
        downsamples = list_for_scale(
            downsample_cfg, DISC_DOWNSAMPLES, input_scale,
            what='input_scale', keyword='downsample_cfg', owner=owner)
        if len(units) != len(downsamples):
            raise ValueError(
                f'{owner}: channels_cfg has {len(units)} entries and '
                f'downsample_cfg {len(downsamples)}, expected one of each for '
                'each block.')
        self.input_scale = input_scale
        self.input_channels = input_channels
        self.num_classes = num_classes
        widths = [unit * base_channels for unit in (1, *units)]
        attends = attention_blocks(
            attention_after_nth_block, len(widths), owner=owner)
        style = init_style(init_cfg, owner=owner)
        ends = LayerMaker(with_spectral_norm, 'torch', sn_eps)
        normalized = dict(
            with_spectral_norm=with_spectral_norm,
            sn_style=sn_style,
            sn_eps=sn_eps)
        block = dict(act_cfg=act_cfg, init_cfg=init_cfg, **normalized)

        self.from_rgb = MODULES.build({
            **block,
            **from_rgb_cfg, 'in_channels': input_channels,
            'out_channels': widths[0]
        })
        self.conv_blocks = nn.Sequential()
        for number, width in enumerate(widths, 1):
            if number > 1:
                self.conv_blocks.append(
                    MODULES.build({
                        **block,
                        **blocks_cfg, 'in_channels': widths[number - 2],
                        'out_channels': width,
                        'downsample': downsamples[number - 2]
                    }))
            if number in attends:
                self.conv_blocks.append(
                    make_attention(attention_cfg, width, normalized, style))
        self.activate = make_activation(act_cfg)
        self.decision = ends.linear(width, 1)
        init_weights(self.decision, style.init_type)
        self.proj_y = None
        if num_classes:
            self.proj_y = ends.embedding(num_classes, width)
            init_weights(self.proj_y, style.init_type)
        load_pretrained(self, pretrained)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Images and labels to logits.

        Args:
            x: Images ``[N, C, H, W]``, [-1, 1].
            label: Classes ``[N]``, if there are classes.

        Returns:
            ``[N, 1]``.
        """
        owner = type(self).__name__
        check_images(x, self.input_channels, self.input_scale, owner=owner)
        check_labels(label, self.num_classes, owner=owner)
        h = self.conv_blocks(self.from_rgb(x))
        h = self.activate(h).sum((2, 3))                  # [N, C']
        return projection_logits(h, self.decision, self.proj_y, label)


def list_for_scale(cfg: Sequence | dict | None, table: dict, scale: int, *,
                   what: str, keyword: str, owner: str) -> Sequence:
    """The list of a resolution.

    Args:
        cfg: The list, or a dict with one for each resolution; None for
            ``table``.
        table: Such a dict.
        scale: Side of the image, pixels.
        what: What the network calls ``scale``.
        keyword: What it calls ``cfg``.
        owner: Who asks, for the message.

    Raises:
        ValueError: There is no list for the resolution.
    """
    lists = table if cfg is None else cfg
    if not isinstance(lists, dict):
        return lists
    if scale not in lists:
        raise ValueError(
            f'{owner}: {what}={scale} has no table; known: '
            f'{", ".join(map(str, lists))}. Pass a list as {keyword} for '
            'another size.')
    return lists[scale]


def attention_blocks(after: int | Sequence[int] | None, num_blocks: int, *,
                     owner: str) -> set[int]:
    """Numbers, from 1, of the blocks that attention follows.

    Args:
        after: ``attention_after_nth_block`` of a network.
        num_blocks: How many blocks it has.
        owner: Who asks, for the message.

    Raises:
        ValueError: There is no such block.
    """
    numbers = [after] if isinstance(after, int) else after or []
    numbers = {number for number in numbers if number not in (0, -1)}
    if not numbers <= set(range(1, num_blocks + 1)):
        raise ValueError(
            f'{owner}: attention_after_nth_block={after}, expected numbers '
            f'from 1 to {num_blocks}, the number of blocks, or 0 for none.')
    return numbers


def make_attention(attention_cfg: dict, channels: int, normalized: dict,
                   style: InitStyle) -> nn.Module:
    """Attention with the spectral norm and initialisation of its network."""
    attention = MODULES.build({
        **normalized,
        **attention_cfg, 'in_channels': channels
    })
    init_weights(attention, style.init_type)
    return attention


def init_residual(block: nn.Module, style: InitStyle) -> None:
    """Initialise the convolutions of a residual block."""
    for conv in (block.conv_1, block.conv_2):
        init_weights(conv, style.init_type, style.residual_gain)
    init_weights(block.shortcut, style.init_type)
