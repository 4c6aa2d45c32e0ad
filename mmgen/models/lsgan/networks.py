"""The generator and discriminator of LSGAN.

Mao et al. 2016, arXiv:1611.04076, section "Model Architectures": the networks
for scenes, after DCGAN's, with layers that keep the resolution between the
first ones that double it. Differences from the paper: the first feature map
has 8x8 pixels, so that images are 128x128 where the paper's 7x7 gives 112x112,
and other resolutions have as many of its layers as they need.
"""
from torch import Tensor, nn

from mmgen.models.layers import (NoiseGenerator, check_conv_cfg, check_images,
                                 conv_layer, count_doublings, init_weights,
                                 make_activation, make_norm)
from mmgen.registry import MODULES


@MODULES.register_module()
class LSGANGenerator(NoiseGenerator):
    """Transposed convolutions from noise to an image.

    The last two doublings of the resolution halve the channels; each one
    before them is followed by a layer that keeps both.

    Args:
        output_scale: Side of the image, pixels.
        out_channels: Channels of the image.
        base_channels: Channels of the first feature map.
        input_scale: Side of the first feature map, pixels.
        noise_size: Size ``Z`` of the noise.
        conv_cfg: Only ``dict(type='ConvTranspose2d')``.
        default_norm_cfg: Normalisation of all layers but the last; None for
            none.
        default_act_cfg: Activation of all layers but the last.
        out_act_cfg: Activation of the last layer; None for none.

    Raises:
        ValueError: ``output_scale`` is not ``input_scale`` times 4, 8, ...
    """

    def __init__(self,
                 output_scale: int = 128,
                 out_channels: int = 3,
                 base_channels: int = 256,
                 input_scale: int = 8,
                 noise_size: int = 1024,
                 conv_cfg: dict | None = dict(type='ConvTranspose2d'),
                 default_norm_cfg: dict | None = dict(type='BN'),
                 default_act_cfg: dict = dict(type='ReLU'),
                 out_act_cfg: dict | None = dict(type='Tanh')) -> None:
        super().__init__()
        owner = type(self).__name__
        check_conv_cfg(conv_cfg, 'ConvTranspose2d', owner=owner)
        doublings = count_doublings(input_scale, output_scale, owner=owner)
        if doublings < 2:
            raise ValueError(
                f'{owner}: output_scale={output_scale} is twice input_scale='
                f'{input_scale}, but the last two layers double the '
                'resolution. Choose a smaller input_scale.')
        self.noise_size = noise_size
        self.input_scale = input_scale
        base = base_channels
        inner = dict(norm_cfg=default_norm_cfg, act_cfg=default_act_cfg)

        self.noise2feat_head = nn.Sequential(
            nn.Linear(noise_size, base * input_scale**2))
        self.noise2feat_tail = nn.Sequential(make_activation(default_act_cfg))
        if default_norm_cfg is not None:
            self.noise2feat_tail.insert(0, make_norm(default_norm_cfg, base)[1])
        self.conv_blocks = nn.Sequential()
        for _ in range(doublings - 2):
            self.conv_blocks.append(deconv(base, base, stride=2, **inner))
            self.conv_blocks.append(deconv(base, base, stride=1, **inner))
        for wide in (base, base // 2):
            self.conv_blocks.append(
                deconv(wide, wide // 2, stride=2, **inner))
        self.conv_blocks.append(
            deconv(base // 4, out_channels, stride=1, norm_cfg=None,
                   act_cfg=out_act_cfg))
        # As in DCGAN, on which the paper builds.
        init_weights(self, 'N02')

    def forward(self, z: Tensor) -> Tensor:
        """Noise ``[N, Z]`` to images ``[N, C, H, W]``, [-1, 1]."""
        size = (-1, self.input_scale, self.input_scale)
        x = self.noise2feat_head(z).unflatten(1, size)  # [N, base, 8, 8]
        x = self.noise2feat_tail(x)
        return self.conv_blocks(x)


@MODULES.register_module()
class LSGANDiscriminator(nn.Module):
    """Strided convolutions and a linear layer from an image to a logit.

    Args:
        input_scale: Side of the image, pixels.
        output_scale: Side of the last feature map, pixels.
        out_channels: Logits for each image.
        in_channels: Channels of the image.
        base_channels: Channels of the first feature map; each halving of the
            resolution doubles them.
        conv_cfg: Only ``dict(type='Conv2d')``.
        default_norm_cfg: Normalisation of all layers but the first and the
            last; None for none.
        default_act_cfg: Activation of all layers but the last.
        out_act_cfg: Activation of the last layer; None for none.
    """

    def __init__(self,
                 input_scale: int = 128,
                 output_scale: int = 8,
                 out_channels: int = 1,
                 in_channels: int = 3,
                 base_channels: int = 64,
                 conv_cfg: dict | None = dict(type='Conv2d'),
                 default_norm_cfg: dict | None = dict(type='BN'),
                 default_act_cfg: dict = dict(
                     type='LeakyReLU', negative_slope=0.2),
                 out_act_cfg: dict | None = None) -> None:
        super().__init__()
        owner = type(self).__name__
        check_conv_cfg(conv_cfg, 'Conv2d', owner=owner)
        halvings = count_doublings(output_scale, input_scale, owner=owner)
        self.in_channels = in_channels
        self.input_scale = input_scale
        widths = [in_channels] + [base_channels * 2**i
                                  for i in range(halvings)]
        norms = [None] + [default_norm_cfg] * (halvings - 1)

        self.conv_blocks = nn.Sequential(*[
            conv_layer(
                nn.Conv2d(
                    narrow, wide, 5, stride=2, padding=2, bias=norm is None),
                norm_cfg=norm,
                act_cfg=default_act_cfg)
            for narrow, wide, norm in zip(widths, widths[1:], norms)
        ])
        self.decision = nn.Sequential(
            nn.Linear(widths[-1] * output_scale**2, out_channels))
        if out_act_cfg is not None:
            self.decision.append(make_activation(out_act_cfg))
        init_weights(self, 'N02')

    def forward(self, x: Tensor) -> Tensor:
        """Images ``[N, C, H, W]`` to logits ``[N, 1]``."""
        check_images(
            x, self.in_channels, self.input_scale, owner=type(self).__name__)
        x = self.conv_blocks(x)                # [N, ..., 8, 8]
        return self.decision(x.flatten(1))


def deconv(in_channels: int, out_channels: int, stride: int,
           norm_cfg: dict | None, act_cfg: dict | None) -> nn.Sequential:
    """A 3x3 transposed convolution that multiplies the side by ``stride``."""
    conv = nn.ConvTranspose2d(
        in_channels,
        out_channels,
        3,
        stride=stride,
        padding=1,
        output_padding=stride - 1,
        bias=norm_cfg is None)
    return conv_layer(conv, norm_cfg, act_cfg)
