"""The generator and discriminator of DCGAN.

Radford, Metz and Chintala 2015, arXiv:1511.06434, figure 1 and section 3.
Differences from the paper: any resolution that the two scales reach by
doubling; the slope of the discriminator's LeakyReLU is torch's 0.01 unless
the config gives the paper's 0.2, as published configs do not.
"""
from itertools import pairwise

from torch import Tensor, nn

from mmgen.models.layers import (NoiseGenerator, check_images, conv_layer,
                                 count_doublings, load_pretrained)
from mmgen.registry import MODULES


@MODULES.register_module()
class DCGANGenerator(NoiseGenerator):
    """Transposed convolutions from noise to an image.

    Args:
        output_scale: Side of the image, pixels.
        out_channels: Channels of the image.
        base_channels: Channels of the first feature map; each doubling of the
            resolution halves them.
        input_scale: Side of the first feature map, pixels.
        noise_size: Size ``Z`` of the noise.
        default_norm_cfg: Normalisation of all layers but the last; None for
            none.
        default_act_cfg: Activation of all layers but the last.
        out_act_cfg: Activation of the last layer; None for none.
        pretrained: See `load_pretrained`.
    """

    def __init__(self,
                 output_scale: int,
                 out_channels: int = 3,
                 base_channels: int = 1024,
                 input_scale: int = 4,
                 noise_size: int = 100,
                 default_norm_cfg: dict | None = dict(type='BN'),
                 default_act_cfg: dict = dict(type='ReLU'),
                 out_act_cfg: dict | None = dict(type='Tanh'),
                 pretrained: str | dict | None = None) -> None:
        super().__init__()
        self.noise_size = noise_size
        doublings = count_doublings(
            input_scale, output_scale, owner=type(self).__name__)
        widths = [base_channels // 2**i for i in range(doublings)]
        inner = dict(norm_cfg=default_norm_cfg, act_cfg=default_act_cfg)

        self.noise2feat = conv_layer(
            nn.ConvTranspose2d(
                noise_size, widths[0], input_scale,
                bias=default_norm_cfg is None), **inner)
        self.upsampling = nn.Sequential(*[
            conv_layer(
                nn.ConvTranspose2d(
                    wide, narrow, 4, stride=2, padding=1,
                    bias=default_norm_cfg is None), **inner)
            for wide, narrow in pairwise(widths)
        ])
        self.output_layer = conv_layer(
            nn.ConvTranspose2d(
                widths[-1], out_channels, 4, stride=2, padding=1),
            norm_cfg=None,
            act_cfg=out_act_cfg)
        init_dcgan(self)
        load_pretrained(self, pretrained)

    def forward(self, z: Tensor) -> Tensor:
        """Noise ``[N, Z]`` to images ``[N, C, H, W]``, [-1, 1]."""
        x = self.noise2feat(z[:, :, None, None])  # [N, base, 4, 4]
        x = self.upsampling(x)                    # [N, ..., H/2, W/2]
        return self.output_layer(x)


@MODULES.register_module()
class DCGANDiscriminator(nn.Module):
    """Strided convolutions from an image to a logit.

    Args:
        input_scale: Side of the image, pixels.
        output_scale: Side of the last feature map, pixels. The last layer
            looks at 4x4 pixels of it, so 4 gives one logit for each image.
        out_channels: Channels of the last layer.
        in_channels: Channels of the image.
        base_channels: Channels of the first feature map; each halving of the
            resolution doubles them.
        default_norm_cfg: Normalisation of all layers but the first and the
            last; None for none.
        default_act_cfg: Activation of all layers but the last.
        out_act_cfg: Activation of the last layer; None for none.
        pretrained: See `load_pretrained`.
    """

    def __init__(self,
                 input_scale: int,
                 output_scale: int,
                 out_channels: int,
                 in_channels: int = 3,
                 base_channels: int = 128,
                 default_norm_cfg: dict | None = dict(type='BN'),
                 default_act_cfg: dict = dict(type='LeakyReLU'),
                 out_act_cfg: dict | None = None,
                 pretrained: str | dict | None = None) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.input_scale = input_scale
        halvings = count_doublings(
            output_scale, input_scale, owner=type(self).__name__)
        widths = [in_channels] + [base_channels * 2**i
                                  for i in range(halvings)]
        norms = [None] + [default_norm_cfg] * (halvings - 1)

        self.downsamples = nn.Sequential(*[
            conv_layer(
                nn.Conv2d(
                    narrow, wide, 4, stride=2, padding=1, bias=norm is None),
                norm_cfg=norm,
                act_cfg=default_act_cfg)
            for narrow, wide, norm in zip(widths, widths[1:], norms)
        ])
        self.output_layer = conv_layer(
            nn.Conv2d(widths[-1], out_channels, 4),
            norm_cfg=None,
            act_cfg=out_act_cfg)
        init_dcgan(self)
        load_pretrained(self, pretrained)

    def forward(self, x: Tensor) -> Tensor:
        """Images ``[N, C, H, W]`` to logits ``[N, 1]``."""
        check_images(
            x, self.in_channels, self.input_scale, owner=type(self).__name__)
        x = self.downsamples(x)                # [N, ..., 4, 4]
        return self.output_layer(x).flatten(1)


def init_dcgan(network: nn.Module) -> None:
    """Weights from N(0, 0.02^2) (section 4), of norms from N(1, 0.02^2)."""
    centres = {
        nn.Conv2d: 0.0,
        nn.ConvTranspose2d: 0.0,
        nn.BatchNorm2d: 1.0,  # also mmgen's SyncBatchNorm
        nn.SyncBatchNorm: 1.0,
        nn.GroupNorm: 1.0,
        nn.InstanceNorm2d: 1.0,
    }
    for module in network.modules():
        for kind, centre in centres.items():
            if isinstance(module, kind) and module.weight is not None:
                nn.init.normal_(module.weight, centre, 0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
