"""The generator of StyleGAN3, configurations T and R.

Karras et al. 2021, arXiv:2106.12423, section 3 and appendix F; figure 4b
shows a layer. The signal between two layers stands for a continuous one: it
reaches beyond the image by a margin, is described by a band of frequencies,
and can be moved or, in R, rotated without anything sticking to the pixels.

The discriminator is that of StyleGAN2.
"""
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import StyleGenerator, load_pretrained
from mmgen.models.layers.modulated_conv import modulated_conv
from mmgen.models.stylegan3.fourier_input import SynthesisInput
from mmgen.models.stylegan3.mapping import FullyConnected, update_average
from mmgen.models.stylegan3.signals import Band, design_lowpass, plan_bands
from mmgen.ops import bias_act, filtered_lrelu
from mmgen.ops.precision import (autocast_dtype, explicit_precision,
                                 full_precision)
from mmgen.registry import MODULES


class SynthesisLayer(nn.Module):
    """Modulated convolution and filtered nonlinearity (figure 4b).

    The last layer, which makes colours, has neither demodulation nor
    nonlinearity.

    Args:
        source: What comes in.
        target: What goes out.
        style_channels: Size ``D`` of a style.
        is_image: Whether this is the last layer.
        radial: Whether the downsampling filter is radial.
        conv_kernel: Side of the kernel, pixels.
        filter_size: Taps of the filters for a factor of 1.
        lrelu_upsampling: Rate of the nonlinearity, relative to the higher one
            of the two signals.
        conv_clamp: Largest magnitude behind the nonlinearity.
        magnitude_ema_beta: How much of the mean magnitude an update keeps.
    """

    def __init__(self, source: Band, target: Band, style_channels: int, *,
                 is_image: bool, radial: bool, conv_kernel: int,
                 filter_size: int, lrelu_upsampling: int,
                 conv_clamp: float | None, magnitude_ema_beta: float) -> None:
        super().__init__()
        self.is_image = is_image
        self.conv_clamp = conv_clamp
        self.magnitude_ema_beta = magnitude_ema_beta
        rate = max(source.rate, target.rate)
        rate *= 1 if is_image else lrelu_upsampling
        self.up, self.down = rate // source.rate, rate // target.rate

        shape = (target.channels, source.channels, conv_kernel, conv_kernel)
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(target.channels))
        # The mean square of the input.
        self.register_buffer('magnitude_ema', torch.ones(()))
        up_taps, down_taps = (
            filter_size * factor if factor > 1 else 1
            for factor in (self.up, self.down))
        self.register_buffer('up_filter', None if self.up == 1 else
                             design_lowpass(up_taps, source.cutoff,
                                            source.half_width, rate))
        self.register_buffer('down_filter', None if self.down == 1 else
                             design_lowpass(down_taps, target.cutoff,
                                            target.half_width, rate, radial))
        self.affine = FullyConnected(style_channels, source.channels)
        nn.init.ones_(self.affine.bias)

        # What the image lacks before downsampling, counted at its rate; the
        # halves differ where an even filter shifts by half a sample
        # (appendix C).
        total = (target.size - 1) * self.down + 1 + up_taps + down_taps - 2
        total -= (source.size + conv_kernel - 1) * self.up
        before = (total + self.up) // 2
        self.pad = (before, total - before)

    def forward(self, x: Tensor, w: Tensor, dtype: torch.dtype,
                update_emas: bool = False) -> Tensor:
        """One layer.

        Args:
            x: ``[N, C, H, W]``.
            w: Styles ``[N, D]``.
            dtype: Type to compute in.
            update_emas: Whether the mean magnitude takes the input in.

        Returns:
            ``[N, C', H', W']``, ``dtype``.
        """
        # The input at unit magnitude, by the average of earlier ones
        if update_emas:
            mean_square = torch.linalg.vector_norm(
                x.detach(), dtype=w.dtype).square() / x.numel()
            update_average(
                self.magnitude_ema, mean_square, self.magnitude_ema_beta)
        gain = self.magnitude_ema.rsqrt()

        def convolve(x: Tensor, weight: Tensor) -> Tensor:
            return F.conv2d(x, weight * gain.to(weight.dtype),
                            padding=weight.shape[-1] - 1)

        # Convolution, nonlinearity at a higher rate
        style = self.affine(w)
        if self.is_image:
            style = style / self.weight[0].numel()**0.5
        x = modulated_conv(
            x.to(dtype), self.weight, style, convolve, not self.is_image)
        if self.is_image:
            return bias_act(x, self.bias, clamp=self.conv_clamp)
        return filtered_lrelu(
            x, self.up_filter, self.down_filter, self.bias, self.up, self.down,
            self.pad, clamp=self.conv_clamp)


@MODULES.register_module()
class SynthesisNetwork(nn.Module):
    """From styles to images.

    Configuration T is the default. R has ``conv_kernel=1``,
    ``use_radial_filters=True``, and twice the ``channel_base`` and
    ``channel_max``.

    Args:
        style_channels: Size ``D`` of a style.
        out_size: Side of the image, pixels, a power of two.
        img_channels: Channels of the image.
        channel_base: Channels times the double cutoff frequency.
        channel_max: Largest number of channels.
        num_layers: Layers without the input and the last, which makes colours.
        num_critical: How many of them, at the end, are critically sampled:
            more sharpness, less equivariance.
        first_cutoff: ``f_c`` of the first layer, cycles per image side.
        first_stopband: ``f_t`` of the first layer.
        last_stopband_rel: ``f_t`` of the last layer relative to its ``f_c``.
        margin_size: Samples beyond the image on each side.
        output_scale: Factor of the images.
        num_fp16_res: How many of the highest resolutions follow autocast;
            the others compute in full precision.
        conv_kernel: Side of the convolutions, pixels.
        filter_size: Taps of the filters for a factor of 1.
        lrelu_upsampling: Factor of upsampling for the nonlinearities.
        use_radial_filters: Whether downsampling is the same in all
            directions, but for the critically sampled layers.
        conv_clamp: Largest magnitude behind a nonlinearity; None for no limit.
        magnitude_ema_beta: How much of the layers' mean magnitudes an update
            keeps.

    Raises:
        ValueError: Layers or sizes that make no network.
    """

    def __init__(self,
                 style_channels: int,
                 out_size: int,
                 img_channels: int,
                 channel_base: int = 32768,
                 channel_max: int = 512,
                 num_layers: int = 14,
                 num_critical: int = 2,
                 first_cutoff: float = 2,
                 first_stopband: float = 2**2.1,
                 last_stopband_rel: float = 2**0.3,
                 margin_size: int = 10,
                 output_scale: float = 0.25,
                 num_fp16_res: int = 4,
                 conv_kernel: int = 3,
                 filter_size: int = 6,
                 lrelu_upsampling: int = 2,
                 use_radial_filters: bool = False,
                 conv_clamp: float | None = 256,
                 magnitude_ema_beta: float = 0.999) -> None:
        super().__init__()
        if out_size < 16 or out_size & (out_size - 1):
            raise ValueError(
                f'SynthesisNetwork: out_size={out_size}, expected a power of '
                'two of at least 16.')
        if not 1 <= num_critical < num_layers:
            raise ValueError(
                f'SynthesisNetwork: num_layers={num_layers} and '
                f'num_critical={num_critical}, expected at least one '
                'critically sampled layer, and more layers than those.')
        self.out_size = out_size
        self.num_ws = num_layers + 2
        self.output_scale = output_scale
        bands = plan_bands(
            out_size, img_channels, channel_base=channel_base,
            channel_max=channel_max, num_layers=num_layers,
            num_critical=num_critical, first_cutoff=first_cutoff,
            first_stopband=first_stopband,
            last_stopband_rel=last_stopband_rel, margin_size=margin_size)

        self.input = SynthesisInput(bands[0], style_channels)
        self.layer_names = []
        self.half_layers = set()
        for index, target in enumerate(bands):
            layer = SynthesisLayer(
                bands[max(index - 1, 0)], target, style_channels,
                is_image=index == num_layers,
                radial=use_radial_filters
                and index < num_layers - num_critical,
                conv_kernel=1 if index == num_layers else conv_kernel,
                filter_size=filter_size, lrelu_upsampling=lrelu_upsampling,
                conv_clamp=conv_clamp, magnitude_ema_beta=magnitude_ema_beta)
            name = f'L{index}_{target.size}_{target.channels}'
            self.add_module(name, layer)
            self.layer_names.append(name)
            if target.rate * 2**num_fp16_res > out_size:
                self.half_layers.add(name)

    def forward(self, ws: Tensor, update_emas: bool = False,
                force_fp32: bool = False,
                transform: Tensor | None = None) -> Tensor:
        """Make images.

        Args:
            ws: Styles ``[N, L, D]``.
            update_emas: Whether the layers' magnitudes take this batch in.
            force_fp32: Whether all layers compute in full precision.
            transform: See `SynthesisInput`; moves or rotates the images.

        Returns:
            ``[N, C, H, W]``, float32, about [-1, 1].
        """
        ws = full_precision(ws)
        half = ws.dtype if force_fp32 else autocast_dtype(ws)
        with explicit_precision(ws):
            first, *others = ws.unbind(1)
            x = self.input(first, transform)                      # [N, C, H, W]
            for name, w in zip(self.layer_names, others):
                dtype = half if name in self.half_layers else ws.dtype
                x = self.get_submodule(name)(x, w, dtype, update_emas)
            return full_precision(x) * self.output_scale


@MODULES.register_module()
class StyleGANv3Generator(StyleGenerator):
    """The whole generator.

    Args:
        out_size: Side of the image, pixels.
        style_channels: Size ``D`` of a style.
        img_channels: Channels of the image.
        noise_size: Size ``Z`` of the noise.
        rgb2bgr: Whether to reverse the order of the channels at the end.
        pretrained: See `load_pretrained`.
        synthesis_cfg: Further settings of the synthesis network.
        mapping_cfg: Further settings of the mapping network.
        num_classes: ``K``, the mapping network's ``c_dim``; 0 for that of
            ``mapping_cfg``.

    Raises:
        ValueError: Two numbers of classes.
    """

    def __init__(self,
                 out_size: int,
                 style_channels: int,
                 img_channels: int,
                 noise_size: int = 512,
                 rgb2bgr: bool = False,
                 pretrained: str | dict | None = None,
                 synthesis_cfg: dict = dict(type='SynthesisNetwork'),
                 mapping_cfg: dict = dict(type='MappingNetwork'),
                 num_classes: int = 0) -> None:
        c_dim = mapping_cfg.get('c_dim', num_classes)
        if num_classes and num_classes != c_dim:
            raise ValueError(
                f'StyleGANv3Generator: num_classes={num_classes}, but the '
                f'mapping network has c_dim={c_dim}. Leave c_dim out.')
        synthesis = MODULES.build({
            **synthesis_cfg, 'style_channels': style_channels,
            'out_size': out_size, 'img_channels': img_channels})
        # The paper mixes no styles.
        super().__init__(
            noise_size, synthesis.num_ws, default_style_mode='single',
            eval_style_mode='single', mix_prob=0)
        self.num_classes = c_dim
        self.rgb2bgr = rgb2bgr
        self.synthesis = synthesis
        self.style_mapping = MODULES.build({
            **mapping_cfg, 'noise_size': noise_size,
            'style_channels': style_channels,
            'num_ws': synthesis.num_ws, 'c_dim': c_dim})
        load_pretrained(self, pretrained)

    def __call__(self, *args: Any, num_truncation_layer: int | None = None,
                 **kwargs: Any) -> Tensor | dict[str, Any]:
        """Make images.

        The arguments are those of `StyleGenerator` and of `forward`, but for
        ``num_truncation_layer``, 1.x's name of ``truncation_layers``. The
        mean style for the truncation is by default the one that training
        kept.
        """
        if num_truncation_layer is not None:
            kwargs['truncation_layers'] = num_truncation_layer
        return super().__call__(*args, **kwargs)

    def map_noise(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Noise ``[N, Z]`` and classes to styles ``[N, L, D]``."""
        return self.style_mapping(z, label)

    def get_mean_latent(self) -> Tensor:
        """The mean style ``[1, D]`` of the training."""
        return self.style_mapping.w_avg[None]

    def forward(self, ws: Tensor, update_emas: bool = False,
                force_fp32: bool = False,
                transform: Tensor | None = None) -> Tensor:
        """Make images of styles.

        Args:
            ws: Styles ``[N, L, D]``.
            update_emas: Whether the averages, of style and of the layers'
                magnitudes, take this batch in.
            force_fp32: Whether all layers compute in full precision.
            transform: Moves or rotates the images, see `image_transform`; for
                this call only.

        Returns:
            ``[N, C, H, W]``, about [-1, 1].
        """
        if update_emas:
            self.style_mapping.update_w_avg(ws)
        images = self.synthesis(ws, update_emas, force_fp32, transform)
        return images.flip(1) if self.rgb2bgr else images
