"""SinGAN's networks: one small generator and one critic for each scale.

Rott Shaham, Dekel and Michaeli 2019, arXiv:1905.01164, figures 4 and 5. With
padding and positional encodings of other kinds: Xu et al. 2020,
arXiv:2012.05217, section 4.

Scales are counted from the coarsest, 0 (the paper counts from the finest).
Widths, upsampling (bicubic, corners aligned) and initialisation are those of
the authors' code, which the published networks keep.
"""
from collections import OrderedDict
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import conv_layer, init_weights
from mmgen.registry import MODELS, MODULES

RAND_MODES = ('rand', 'recon')

NORM = dict(type='BN')
ACT = dict(type='LeakyReLU', negative_slope=0.2)

# The widths double every four scales (section 3), up to this one.
SCALES_PER_DOUBLING = 4
MAX_CHANNELS = 128

# Names of the padding: for torch's functional.pad, for its convolutions.
PADDING_MODES = dict(
    zero=('constant', 'zeros'),
    reflect=('reflect', 'reflect'),
    replicate=('replicate', 'replicate'),
    circular=('circular', 'circular'))


def widths_of(scale: int, base_channels: int, min_feat_channels: int,
              num_layers: int) -> list[int]:
    """Channels after each layer of a block but the last."""
    factor = 2**(scale // SCALES_PER_DOUBLING)
    base = min(base_channels * factor, MAX_CHANNELS)
    least = min(min_feat_channels * factor, MAX_CHANNELS)
    return [max(base // 2**i, least) for i in range(num_layers - 1)]


def upsample(images: Tensor, size: Sequence[int]) -> Tensor:
    """``[N, C, H, W]`` to ``[N, C, *size]``."""
    return F.interpolate(images, size, mode='bicubic', align_corners=True)


class Block(nn.Sequential):
    """The fully convolutional network of one scale (figure 5).

    Args:
        in_channels: Channels that it takes.
        out_channels: Channels that it makes.
        widths: Channels after each of the other layers.
        conv: ``kernel_size``, ``padding`` and ``padding_mode`` of each
            convolution.
        norm_cfg: Normalisation of all layers but the last; None for none.
        out_act_cfg: Activation of the last layer; None for none.
    """

    def __init__(self, in_channels: int, out_channels: int,
                 widths: Sequence[int], conv: dict, norm_cfg: dict | None,
                 out_act_cfg: dict | None) -> None:
        layers = [
            conv_layer(
                nn.Conv2d(before, after, bias=norm_cfg is None, **conv),
                norm_cfg, ACT)
            for before, after in zip((in_channels, *widths), widths)
        ]
        tail = nn.Conv2d(widths[-1], out_channels, **conv)
        super().__init__(
            OrderedDict(
                head=layers[0],
                body=nn.Sequential(
                    OrderedDict((f'block{i}', layer)
                                for i, layer in enumerate(layers[1:], 1))),
                tail=conv_layer(tail, None, out_act_cfg)))


def init_blocks(network: nn.Module) -> None:
    """Convolutions N(0, 0.02^2), gains of the normalisation N(1, 0.02^2)."""
    init_weights(network, 'N02')
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.normal_(module.weight, 1.0, 0.02)


def check_scale(curr_scale: int, blocks: nn.ModuleList, *,
                owner: str) -> None:
    """Refuse a scale that a network does not have."""
    if not 0 <= curr_scale < len(blocks):
        raise ValueError(
            f'{owner}: curr_scale={curr_scale}, expected 0 to '
            f'{len(blocks) - 1} (num_scales={len(blocks) - 1}).')


@MODULES.register_module()
class SinGANMultiScaleGenerator(nn.Module):
    """Generators of all scales, each adding detail to the one below.

    ``x_n = up(x_{n-1}) + G_n(w_n z_n + up(x_{n-1}))`` (equation 3), where the
    first scale has zeros for the image below.

    A block takes away what its convolutions do not pad, so its input is
    padded by as much before.

    Args:
        in_channels: Channels of the blocks' inputs: of the images.
        out_channels: Channels of the images.
        num_scales: Number of the finest scale: there is one more.
        kernel_size: Side of the convolutions, odd.
        padding: Padding of each convolution.
        num_layers: Convolutions of a block.
        base_channels: Width at the first scales; it doubles every four.
        min_feat_channels: Least width at the first scales, likewise. Widths
            halve from layer to layer down to it.
        out_act_cfg: Activation of the last layer of a block; None for none.
    """

    padding_mode = 'zero'
    noise_with_pad = False

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 num_scales: int,
                 kernel_size: int = 3,
                 padding: int = 0,
                 num_layers: int = 5,
                 base_channels: int = 32,
                 min_feat_channels: int = 32,
                 out_act_cfg: dict | None = dict(type='Tanh')) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.num_scales = num_scales
        self.pad_size = num_layers * (kernel_size // 2 - padding)
        conv = dict(
            kernel_size=kernel_size,
            padding=padding,
            padding_mode=PADDING_MODES[self.padding_mode][1])
        self.blocks = nn.ModuleList(
            Block(
                self.block_in_channels(scale), out_channels,
                widths_of(scale, base_channels, min_feat_channels, num_layers),
                conv, NORM, out_act_cfg) for scale in range(num_scales + 1))
        init_blocks(self)

    def block_in_channels(self, scale: int) -> int:
        """Channels of the input of the block of a scale."""
        return self.in_channels

    def __call__(self,
                 input_sample: Tensor | None,
                 fixed_noises: Sequence[Tensor],
                 noise_weights: Sequence[float] | Tensor,
                 rand_mode: str,
                 curr_scale: int,
                 num_batches: int = 1,
                 get_prev_res: bool = False,
                 return_noise: bool = False) -> Tensor | dict:
        """Make images.

        Args:
            input_sample: The image below the first scale,
                ``[1 or N, C, H, W]``; None for zeros.
            fixed_noises: For each scale the noise of the reconstruction,
                ``[1 or N, C, H, W]``. Their sizes say how large the images
                are.
            noise_weights: For each scale the factor of the noise.
            rand_mode: ``'rand'`` draws noise, ``'recon'`` takes
                ``fixed_noises``.
            curr_scale: The scale at which to stop.
            num_batches: ``N``.
            get_prev_res: Whether to return the images of all scales.
            return_noise: Whether to return the noise.

        Returns:
            Images ``[N, C, H, W]``; or, where more is asked for, a dict with
            ``fake_img``, ``prev_res_list``, the images of the scales before,
            and ``noise_batch``, the noise of each scale.

        Raises:
            ValueError: An unknown ``rand_mode``, a scale that there is not, or
                too few noises.
        """
        noises = self.choose_noises(fixed_noises, rand_mode, curr_scale,
                                    num_batches)
        if input_sample is None:
            size = self.image_size(noises[0])
            input_sample = noises[0].new_zeros(1, self.out_channels, *size)
        images = super().__call__(input_sample, noises, noise_weights)
        if not (get_prev_res or return_noise):
            return images[-1]
        results = dict(fake_img=images[-1], noise_batch=noises)
        if get_prev_res:
            results['prev_res_list'] = images[:-1]
        return results

    def choose_noises(self, fixed_noises: Sequence[Tensor], rand_mode: str,
                      curr_scale: int, num_batches: int) -> list[Tensor]:
        """The noise of each scale up to ``curr_scale``, ``[N, C, H, W]``.

        At the first scale random noise has as many channels as the fixed one:
        one where all channels share it, as in the authors' code.
        """
        owner = type(self).__name__
        check_scale(curr_scale, self.blocks, owner=owner)
        if rand_mode not in RAND_MODES:
            raise ValueError(
                f'{owner}: rand_mode={rand_mode!r}, expected one of '
                f'{", ".join(map(repr, RAND_MODES))}.')
        if len(fixed_noises) <= curr_scale:
            raise ValueError(
                f'{owner}: {len(fixed_noises)} fixed_noises for '
                f'curr_scale={curr_scale}, expected {curr_scale + 1}.')
        used = fixed_noises[:curr_scale + 1]
        if rand_mode == 'recon':
            return [noise.expand(num_batches, -1, -1, -1) for noise in used]
        channels = [used[0].shape[1], *[self.in_channels] * curr_scale]
        return [
            torch.randn(num_batches, count, *noise.shape[2:],
                        device=noise.device)
            for noise, count in zip(used, channels)
        ]

    @property
    def noise_border(self) -> int:
        """Pixels that a noise has more than the image, in each direction."""
        return 2 * self.pad_size if self.noise_with_pad else 0

    def image_size(self, noise: Tensor) -> tuple[int, int]:
        """Height and width of the images that go with a noise."""
        height, width = noise.shape[2:]
        return height - self.noise_border, width - self.noise_border

    def forward(self, start: Tensor, noises: Sequence[Tensor],
                noise_weights: Sequence[float] | Tensor) -> list[Tensor]:
        """From the coarsest scale to the finest.

        Args:
            start: The image below the first scale, ``[1 or N, C, H, W]``.
            noises: The noise of each scale, ``[N, C, H, W]``.
            noise_weights: Its factors.

        Returns:
            The images of each scale, ``[N, C, H, W]``. Those of the first are
            in [-1, 1]; the others are sums.
        """
        image, images = start, []
        for scale, noise in enumerate(noises):
            image = upsample(image, self.image_size(noise))
            x = self.block_input(scale, noise * noise_weights[scale], image)
            image = image + self.blocks[scale](x)
            images.append(image)
        return images

    def block_input(self, scale: int, noise: Tensor, image: Tensor) -> Tensor:
        """The padded sum of noise and image."""
        return self.pad(noise + image)

    def pad(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` with the border that a block takes away."""
        return F.pad(x, (self.pad_size, ) * 4,
                     PADDING_MODES[self.padding_mode][0])


@MODULES.register_module()
class SinGANMSGeneratorPE(SinGANMultiScaleGenerator):
    """SinGAN's generator with a choice of padding, and told where pixels are.

    Zeros at the border tell a convolution where it is. They can be replaced:
    by other padding, by enlarging the image instead (``interp_pad``), by
    random noise at the border too (``noise_with_pad``); and a positional
    encoding can be added to the noise of the first scale.

    Args:
        in_channels: See `SinGANMultiScaleGenerator`.
        out_channels: See there.
        num_scales: See there.
        kernel_size: See there.
        padding: See there.
        num_layers: See there.
        base_channels: See there.
        min_feat_channels: See there.
        out_act_cfg: See there.
        padding_mode: What is padded, by blocks and convolutions alike:
            ``'zero'``, ``'reflect'``, ``'replicate'`` or ``'circular'``.
        pad_at_head: Whether inputs of blocks are padded; else the
            convolutions have to.
        interp_pad: Whether inputs are enlarged by interpolation where others
            are padded.
        noise_with_pad: Whether the noise is made as large as the padded
            input, so that its border is random.
        positional_encoding: Config of an encoding; None for none.
        first_stage_in_channels: Channels of the noise and the encoding at the
            first scale, where the image is then left out; None for
            ``in_channels``.

    Raises:
        ValueError: Settings that do not fit each other.

    Source: Xu et al. 2020, arXiv:2012.05217, section 4.1.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 num_scales: int,
                 kernel_size: int = 3,
                 padding: int = 0,
                 num_layers: int = 5,
                 base_channels: int = 32,
                 min_feat_channels: int = 32,
                 out_act_cfg: dict | None = dict(type='Tanh'),
                 padding_mode: str = 'zero',
                 pad_at_head: bool = True,
                 interp_pad: bool = False,
                 noise_with_pad: bool = False,
                 positional_encoding: dict | None = None,
                 first_stage_in_channels: int | None = None) -> None:
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f'{type(self).__name__}: padding_mode={padding_mode!r}, '
                f'expected one of {", ".join(map(repr, PADDING_MODES))}.')
        if not pad_at_head and padding != kernel_size // 2:
            raise ValueError(
                f'{type(self).__name__}: pad_at_head=False with '
                f'padding={padding}, but convolutions of kernel_size='
                f'{kernel_size} keep the size with padding='
                f'{kernel_size // 2} only. Set it, or pad_at_head=True.')
        # What the base class asks for while it builds the blocks.
        self.padding_mode = padding_mode
        self.interp_pad = interp_pad
        self.noise_with_pad = noise_with_pad
        self.first_channels = first_stage_in_channels
        super().__init__(in_channels, out_channels, num_scales, kernel_size,
                         padding, num_layers, base_channels,
                         min_feat_channels, out_act_cfg)
        self.head_position_encode = positional_encoding and MODELS.build(
            positional_encoding)

    def block_in_channels(self, scale: int) -> int:
        if scale == 0 and self.first_channels is not None:
            return self.first_channels
        return self.in_channels

    def block_input(self, scale: int, noise: Tensor, image: Tensor) -> Tensor:
        """Noise, padded image, and at the first scale the encoding."""
        if scale == 0 and self.first_channels is not None:
            noise = noise.expand(-1, self.first_channels, -1, -1)
            image = image.new_zeros(1, 1, *image.shape[2:])  # left out
        if self.noise_with_pad:
            x = noise + self.pad(image)
        else:
            x = self.pad(noise + image)
        if scale == 0 and self.head_position_encode is not None:
            x = x + self.head_position_encode(x)
        return x

    def pad(self, x: Tensor) -> Tensor:
        if not self.interp_pad:
            return super().pad(x)
        height, width = x.shape[2:]
        border = 2 * self.pad_size
        return upsample(x, (height + border, width + border))


@MODULES.register_module()
class SinGANMultiScaleDiscriminator(nn.Module):
    """Critics of all scales: each judges all patches of an image.

    Args:
        in_channels: Channels of the images.
        num_scales: Number of the finest scale: there is one more.
        kernel_size: Side of the convolutions.
        padding: Padding of each convolution.
        num_layers: Convolutions of a block.
        base_channels: See `SinGANMultiScaleGenerator`.
        min_feat_channels: See there.
        norm_cfg: Normalisation of all layers but the last; None for none.

    Source: Markovian discriminators of 11x11 pixels, section 3.
    """

    def __init__(self,
                 in_channels: int,
                 num_scales: int,
                 kernel_size: int = 3,
                 padding: int = 0,
                 num_layers: int = 5,
                 base_channels: int = 32,
                 min_feat_channels: int = 32,
                 norm_cfg: dict | None = NORM) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.num_scales = num_scales
        conv = dict(kernel_size=kernel_size, padding=padding)
        self.blocks = nn.ModuleList(
            Block(
                in_channels, 1,
                widths_of(scale, base_channels, min_feat_channels, num_layers),
                conv, norm_cfg, None) for scale in range(num_scales + 1))
        init_blocks(self)

    def forward(self, images: Tensor, curr_scale: int) -> Tensor:
        """Images ``[N, C, H, W]`` to logits of patches ``[N, 1, H', W']``."""
        owner = type(self).__name__
        check_scale(curr_scale, self.blocks, owner=owner)
        if images.ndim != 4 or images.shape[1] != self.in_channels:
            raise ValueError(
                f'{owner}: images have shape {list(images.shape)}, expected '
                f'[N, {self.in_channels}, H, W].')
        return self.blocks[curr_scale](images)
