"""Improved DDPM's network: a U-Net that is told the timestep.

Nichol and Dhariwal 2021, arXiv:2102.09672, appendix A; the network is that of
Ho et al. 2020, arXiv:2006.11239, appendix B, with attention of several heads
at two resolutions and the timestep in the scale and shift of the norms. Names
of entries are those of published checkpoints.
"""
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import (check_labels, conv_layer, load_pretrained,
                                 make_activation, make_norm)
from mmgen.ops.precision import full_precision
from mmgen.registry import MODULES

# Widths at each resolution, from the largest on, in units of base_channels, by
# the side of the image (Nichol and Dhariwal 2021, appendix A, and the authors'
# code for 256).
CHANNELS = {
    32: (1, 2, 2, 2),
    64: (1, 2, 3, 4),
    256: (1, 1, 2, 2, 4, 4),
}

# What the network says of the mean, and of the variance, by the word in
# output_cfg; None for a variance that is not learnt.
MEAN_KEYS = dict(
    eps='eps_t_pred', start_x='x_0_pred', previous_x='x_tm1_pred')
VAR_KEYS = dict(
    learned='logvar', learned_range='factor', fixed_small=None,
    fixed_large=None)

SILU = dict(type='SiLU', inplace=False)
GROUP_NORM = dict(type='GN', num_groups=32)


def sinusoids(t: Tensor, size: int, max_period: float = 10000) -> Tensor:
    """Cosines, then sines, of ``t f_i`` with ``f_i = max_period^(-2 i / size)``.

    Args:
        t: Timesteps ``[N]``, whole or not.
        size: Numbers for each; a last odd one is 0.
        max_period: The longest wave is near this.

    Returns:
        ``[N, size]``, float32 or better.

    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5, in the authors'
    order of arXiv:2102.09672.
    """
    t = full_precision(t)
    half = size // 2
    powers = torch.arange(half, device=t.device, dtype=t.dtype) / half
    angles = t[:, None] * max_period**-powers             # [N, size // 2]
    waves = torch.cat([angles.cos(), angles.sin()], 1)
    return F.pad(waves, (0, size % 2))


@MODULES.register_module()
class TimeEmbedding(nn.Module):
    """A timestep as a vector: sinusoids and two linear layers.

    Args:
        in_channels: Sinusoids.
        embedding_channels: Size ``E`` of the embedding.
        embedding_mode: Only ``'sin'``.
        embedding_cfg: ``max_period`` of `sinusoids`.
        act_cfg: Activation between the layers.
    """

    def __init__(self,
                 in_channels: int,
                 embedding_channels: int,
                 embedding_mode: str = 'sin',
                 embedding_cfg: dict | None = None,
                 act_cfg: dict = SILU) -> None:
        super().__init__()
        if embedding_mode.lower() != 'sin':
            raise ValueError(
                f'TimeEmbedding: embedding_mode={embedding_mode!r}, expected '
                "'sin'.")
        self.in_channels = in_channels
        self.embedding_cfg = dict(embedding_cfg or {})
        self.blocks = nn.Sequential(
            nn.Linear(in_channels, embedding_channels),
            make_activation(act_cfg),
            nn.Linear(embedding_channels, embedding_channels))

    def forward(self, t: Tensor) -> Tensor:
        """Timesteps ``[N]`` to ``[N, E]``."""
        weight = self.blocks[0].weight
        t = t.to(torch.promote_types(weight.dtype, torch.float32))
        waves = sinusoids(t, self.in_channels, **self.embedding_cfg)
        return self.blocks(waves.to(weight.dtype))


@MODULES.register_module()
class NormWithEmbedding(nn.Module):
    """A group norm that is told the embedding.

    Args:
        in_channels: Channels ``C``.
        embedding_channels: Size ``E`` of the embedding.
        norm_cfg: Normalisation.
        act_cfg: Activation of the embedding.
        use_scale_shift: Whether the embedding gives a scale and a shift after
            the norm (arXiv:2102.09672, appendix A). Otherwise it is added
            before the norm.
    """

    def __init__(self,
                 in_channels: int,
                 embedding_channels: int,
                 norm_cfg: dict = GROUP_NORM,
                 act_cfg: dict = SILU,
                 use_scale_shift: bool = True) -> None:
        super().__init__()
        self.use_scale_shift = use_scale_shift
        _, self.norm = make_norm(norm_cfg, in_channels)
        self.embedding_layer = nn.Sequential(
            make_activation(act_cfg),
            nn.Linear(embedding_channels, in_channels * (1 + use_scale_shift)))

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """``[N, C, H, W]`` and ``[N, E]`` to ``[N, C, H, W]``."""
        told = self.embedding_layer(embedding)[:, :, None, None]
        if not self.use_scale_shift:
            return self.norm(x + told)
        scale, shift = told.chunk(2, 1)
        return torch.addcmul(shift, self.norm(x), 1 + scale)


@MODULES.register_module()
class DenoisingResBlock(nn.Module):
    """A residual block that is told the embedding between its convolutions.

    The last convolution starts at 0, so that the block is a shortcut at first.

    Args:
        in_channels: Channels ``C`` of the input.
        embedding_channels: Size ``E`` of the embedding.
        use_scale_shift_norm: See `NormWithEmbedding`.
        dropout: Share of the features that are dropped in training.
        out_channels: Channels ``C'`` of the output; None for ``C``.
        norm_cfg: Normalisation.
        act_cfg: Activation.
        shortcut_kernel_size: Side of the convolution of the shortcut, which
            there is where the channels change.
    """

    def __init__(self,
                 in_channels: int,
                 embedding_channels: int,
                 use_scale_shift_norm: bool,
                 dropout: float,
                 out_channels: int | None = None,
                 norm_cfg: dict = GROUP_NORM,
                 act_cfg: dict = SILU,
                 shortcut_kernel_size: int = 1) -> None:
        super().__init__()
        width = out_channels or in_channels
        self.conv_1 = nn.Sequential(
            make_norm(norm_cfg, in_channels)[1],
            make_activation(act_cfg),
            nn.Conv2d(in_channels, width, 3, padding=1))
        self.norm_with_embedding = NormWithEmbedding(
            width, embedding_channels, norm_cfg, act_cfg,
            use_scale_shift_norm)
        self.conv_2 = nn.Sequential(
            make_activation(act_cfg), nn.Dropout(dropout),
            zeroed(nn.Conv2d(width, width, 3, padding=1)))
        self.shortcut = nn.Identity() if width == in_channels else nn.Conv2d(
            in_channels, width, shortcut_kernel_size,
            padding=shortcut_kernel_size // 2)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """``[N, C, H, W]`` and ``[N, E]`` to ``[N, C', H, W]``."""
        h = self.norm_with_embedding(self.conv_1(x), embedding)
        return self.shortcut(x) + self.conv_2(h)


@MODULES.register_module()
class MultiHeadAttention(nn.Module):
    """Self-attention over all pixels; the output layer starts at 0.

    Args:
        in_channels: Channels ``C``, a multiple of ``num_heads``.
        num_heads: Heads.
        norm_cfg: Normalisation of what asks.

    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2; as in
    arXiv:2102.09672, appendix A.
    """

    def __init__(self,
                 in_channels: int,
                 num_heads: int = 1,
                 norm_cfg: dict = GROUP_NORM) -> None:
        super().__init__()
        if in_channels % num_heads:
            raise ValueError(
                f'MultiHeadAttention: in_channels={in_channels} is not a '
                f'multiple of num_heads={num_heads}.')
        self.num_heads = num_heads
        _, self.norm = make_norm(norm_cfg, in_channels)
        self.qkv = nn.Conv1d(in_channels, 3 * in_channels, 1)
        self.proj = zeroed(nn.Conv1d(in_channels, in_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, ...]`` to the same shape."""
        qkv = self.qkv(self.norm(x).flatten(2))               # [N, 3C, HW]
        # Published weights have question, key and value of a head together.
        heads = qkv.unflatten(1, (self.num_heads, 3, -1))
        q, k, v = heads.transpose(3, 4).unbind(2)             # [N, heads, HW, C']
        h = F.scaled_dot_product_attention(q, k, v)
        h = h.transpose(2, 3).flatten(1, 2)                   # [N, C, HW]
        return x + self.proj(h).view_as(x)


@MODULES.register_module()
class DenoisingDownsample(nn.Module):
    """Half the side.

    Args:
        in_channels: Channels ``C``.
        with_conv: A convolution of stride 2; otherwise the mean of 2x2.
    """

    def __init__(self, in_channels: int, with_conv: bool = True) -> None:
        super().__init__()
        self.downsample = nn.Conv2d(
            in_channels, in_channels, 3, stride=2, padding=1) \
            if with_conv else nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C, H/2, W/2]``."""
        return self.downsample(x)


@MODULES.register_module()
class DenoisingUpsample(nn.Module):
    """Twice the side, each pixel repeated.

    Args:
        in_channels: Channels ``C``.
        with_conv: Whether a convolution follows.
    """

    def __init__(self, in_channels: int, with_conv: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, in_channels, 3, padding=1) \
            if with_conv else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C, 2H, 2W]``."""
        return self.conv(F.interpolate(x, scale_factor=2, mode='nearest'))


class Stage(nn.Sequential):
    """Layers of which the residual blocks are told the embedding."""

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """``[N, C, H, W]`` and ``[N, E]`` to what the last layer makes."""
        for layer in self:
            told = isinstance(layer, DenoisingResBlock)
            x = layer(x, embedding) if told else layer(x)
        return x


@MODULES.register_module()
class DenoisingUnet(nn.Module):
    """What has to be known to take one step from noise to an image.

    Down through the resolutions, through the middle, and up again, where each
    block also gets what the block opposite has made.

    Args:
        image_size: Side of the image, pixels.
        in_channels: Channels ``C`` of the image.
        base_channels: Unit of the channel table.
        resblocks_per_downsample: Residual blocks at each resolution on the
            way down; on the way up there is one more.
        num_timesteps: ``T``; the diffusion's, which passes it on.
        use_rescale_timesteps: Whether the embedding sees timesteps from 0 to
            1000 whatever ``T`` is.
        dropout: See `DenoisingResBlock`.
        embedding_channels: Size ``E`` of the embedding; -1 for four times
            ``base_channels``.
        num_classes: ``K``; 0 for no classes.
        channels_cfg: Widths at the resolutions, from the largest on, in units
            of ``base_channels``; or a dict of such by ``image_size``; None for
            the paper's.
        output_cfg: ``mean``: ``'eps'`` for the noise, ``'start_x'`` for the
            image, ``'previous_x'`` for the mean of the next step. ``var``:
            ``'learned'`` for its log variance, ``'learned_range'`` for the
            place of that between its bounds, or ``'fixed_small'`` or
            ``'fixed_large'``. In upper or lower case.
        norm_cfg: Normalisation.
        act_cfg: Activation.
        shortcut_kernel_size: See `DenoisingResBlock`.
        use_scale_shift_norm: See `NormWithEmbedding`.
        num_heads: Heads of the attention.
        time_embedding_mode: See `TimeEmbedding`.
        time_embedding_cfg: See `TimeEmbedding`.
        resblock_cfg: Type, and further settings, of the residual blocks; the
            type is `DenoisingResBlock` or derives from it.
        attention_cfg: Likewise of the attention.
        downsample_conv: See `DenoisingDownsample`.
        upsample_conv: See `DenoisingUpsample`.
        downsample_cfg: Type, and further settings.
        upsample_cfg: Type, and further settings.
        attention_res: Sides of the feature maps that are attended to; the
            middle always is.
        pretrained: See `load_pretrained`.

    Raises:
        ValueError: No table for ``image_size``, a side that cannot be halved
            as often as the table says, or an unknown word in ``output_cfg``.
    """

    def __init__(self,
                 image_size: int,
                 in_channels: int = 3,
                 base_channels: int = 128,
                 resblocks_per_downsample: int = 3,
                 num_timesteps: int = 1000,
                 use_rescale_timesteps: bool = True,
                 dropout: float = 0,
                 embedding_channels: int = -1,
                 num_classes: int = 0,
                 channels_cfg: list | dict | None = None,
                 output_cfg: dict = dict(mean='eps', var='learned_range'),
                 norm_cfg: dict = GROUP_NORM,
                 act_cfg: dict = SILU,
                 shortcut_kernel_size: int = 1,
                 use_scale_shift_norm: bool = False,
                 num_heads: int = 4,
                 time_embedding_mode: str = 'sin',
                 time_embedding_cfg: dict | None = None,
                 resblock_cfg: dict = dict(type='DenoisingResBlock'),
                 attention_cfg: dict = dict(type='MultiHeadAttention'),
                 downsample_conv: bool = True,
                 upsample_conv: bool = True,
                 downsample_cfg: dict = dict(type='DenoisingDownsample'),
                 upsample_cfg: dict = dict(type='DenoisingUpsample'),
                 attention_res: list[int] = [16, 8],
                 pretrained: str | dict | None = None) -> None:
        super().__init__()
        self.image_size = image_size
        self.in_channels = in_channels
        self.num_classes = num_classes or 0
        self.num_timesteps = num_timesteps
        self.use_rescale_timesteps = use_rescale_timesteps
        self.mean_mode = _word(output_cfg, 'mean', MEAN_KEYS)
        self.var_mode = _word(output_cfg, 'var', VAR_KEYS)
        widths = [base_channels * unit
                  for unit in channel_units(image_size, channels_cfg)]
        if embedding_channels == -1:
            embedding_channels = 4 * base_channels

        self.time_embedding = TimeEmbedding(
            base_channels, embedding_channels, time_embedding_mode,
            time_embedding_cfg, act_cfg)
        if self.num_classes:
            self.label_embedding = nn.Embedding(
                self.num_classes, embedding_channels)

        def resblock(channels: int, width: int) -> nn.Module:
            return MODULES.build({
                **dict(
                    in_channels=channels,
                    out_channels=width,
                    embedding_channels=embedding_channels,
                    use_scale_shift_norm=use_scale_shift_norm,
                    dropout=dropout,
                    norm_cfg=norm_cfg,
                    act_cfg=act_cfg,
                    shortcut_kernel_size=shortcut_kernel_size),
                **resblock_cfg
            })

        def attention(width: int) -> nn.Module:
            return MODULES.build({
                **dict(
                    in_channels=width, num_heads=num_heads,
                    norm_cfg=norm_cfg),
                **attention_cfg
            })

        def stage(channels: int, width: int, side: int) -> Iterator[nn.Module]:
            yield resblock(channels, width)
            if side in attention_res:
                yield attention(width)

        side, width = image_size, widths[0]
        down = [Stage(nn.Conv2d(in_channels, width, 3, padding=1))]
        skips = [width]  # channels of what each of these hands across
        for level, wanted in enumerate(widths):
            if level > 0:
                down.append(Stage(MODULES.build({
                    **dict(in_channels=width, with_conv=downsample_conv),
                    **downsample_cfg
                })))
                skips.append(width)
                side //= 2
            for _ in range(resblocks_per_downsample):
                down.append(Stage(*stage(width, wanted, side)))
                width = wanted
                skips.append(width)
        self.in_blocks = nn.ModuleList(down)

        self.mid_blocks = Stage(
            resblock(width, width), attention(width), resblock(width, width))

        up = []
        for level, wanted in reversed(list(enumerate(widths))):
            for _ in range(resblocks_per_downsample + 1):
                up.append(Stage(*stage(width + skips.pop(), wanted, side)))
                width = wanted
            if level > 0:
                up[-1].append(MODULES.build({
                    **dict(in_channels=width, with_conv=upsample_conv),
                    **upsample_cfg
                }))
                side *= 2
        self.out_blocks = nn.ModuleList(up)

        learnt = VAR_KEYS[self.var_mode] is not None
        last = zeroed(nn.Conv2d(
            width, in_channels * (1 + learnt), 3, padding=1))
        self.out = conv_layer(last, norm_cfg, act_cfg, ('norm', 'act', 'conv'))
        load_pretrained(self, pretrained)

    def forward(self, x_t: Tensor, t: Tensor,
                label: Tensor | None = None) -> dict[str, Tensor]:
        """What the next step from ``x_t`` on needs.

        Args:
            x_t: Images with the noise of step ``t``, ``[N, C, H, W]``.
            t: Timesteps from 0 on, ``[N]``.
            label: Classes ``[N]``, if there are classes.

        Returns:
            ``eps_t_pred``, ``x_0_pred`` or ``x_tm1_pred``; with a learnt
            variance also ``logvar``, or ``factor``: 0 for the smaller bound
            and 1 for the larger, which it may leave.
        """
        check_labels(label, self.num_classes, owner=type(self).__name__)
        embedding = self.embed(t, label)                      # [N, E]
        h, skips = x_t, []
        for block in self.in_blocks:
            h = block(h, embedding)
            skips.append(h)
        h = self.mid_blocks(h, embedding)
        for block in self.out_blocks:
            h = block(torch.cat([h, skips.pop()], 1), embedding)
        return self.named_outputs(self.out(h))

    def embed(self, t: Tensor, label: Tensor | None) -> Tensor:
        """Timesteps ``[N]`` and classes ``[N]`` to ``[N, E]``."""
        if self.use_rescale_timesteps:
            t = t * (1000 / self.num_timesteps)
        embedding = self.time_embedding(t)
        if label is not None:
            embedding = embedding + self.label_embedding(label)
        return embedding

    def named_outputs(self, out: Tensor) -> dict[str, Tensor]:
        """The channels ``[N, C or 2C, H, W]`` by their meaning."""
        named = {MEAN_KEYS[self.mean_mode]: out[:, :self.in_channels]}
        var_key = VAR_KEYS[self.var_mode]
        if var_key is not None:
            var = out[:, self.in_channels:]
            # From [-1, 1] to a share (arXiv:2102.09672, equation 15).
            named[var_key] = (var + 1) / 2 if var_key == 'factor' else var
        return named


def zeroed(layer: nn.Module) -> nn.Module:
    """The layer with all weights 0."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def channel_units(image_size: int,
                  channels_cfg: list | dict | None) -> list[int]:
    """Widths at the resolutions, from the largest on."""
    table = CHANNELS if channels_cfg is None else channels_cfg
    if isinstance(table, dict):
        if image_size not in table:
            raise ValueError(
                f'DenoisingUnet: image_size={image_size} has no channel '
                f'table; known: {", ".join(map(str, table))}. Pass '
                'channels_cfg for another size.')
        table = table[image_size]
    if image_size % 2**(len(table) - 1):
        raise ValueError(
            f'DenoisingUnet: image_size={image_size} cannot be halved '
            f'{len(table) - 1} times, as a channel table of {len(table)} '
            'entries asks for. Pass a shorter channels_cfg.')
    return list(table)


def _word(output_cfg: dict, key: str, known: dict) -> str:
    """The mode under ``key`` in lower case."""
    word = str(output_cfg.get(key)).lower()
    if word not in known:
        raise ValueError(
            f'DenoisingUnet: output_cfg has {key}={output_cfg.get(key)!r}, '
            f'expected one of {", ".join(map(repr, known))}.')
    return word
