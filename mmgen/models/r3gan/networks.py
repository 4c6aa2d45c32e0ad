"""R3GAN's networks.

Huang, Gokaslan, Kuleshov and Tompkin 2024, arXiv:2501.05441, section 3,
configuration E: residual networks with grouped convolutions in inverted
bottlenecks and without normalisation; the discriminator is the generator in
reverse. Not in the paper, so chosen here: the embeddings start with the
deviation 1 (generator) and ``1 / sqrt(width)`` (discriminator).
"""
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers import (NoiseGenerator, check_images, check_labels)
from mmgen.ops import fir_kernel, upfirdn2d
from mmgen.registry import MODELS

BASIS = 4  # side of the smallest feature maps, pixels
SLOPE = 0.2
BILINEAR = (1, 3, 3, 1)  # pixels are squares: a new one is 1/4 off an old one


class BiasedLeakyReLU(nn.Module):
    """A bias for each channel, then a leaky ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x + self.bias.to(x.dtype)[:, None, None], SLOPE)


class R3GANBlock(nn.Module):
    """An inverted bottleneck beside an identity.

    Args:
        channels: Of input and output.
        expansion: Channels inside for one outside.
        group_size: Channels in a group of the middle convolution.
    """

    def __init__(self, channels: int, *, expansion: int,
                 group_size: int) -> None:
        super().__init__()
        inside = channels * expansion
        if inside % group_size:
            raise ValueError(
                f'R3GANBlock: {inside} channels inside (expansion={expansion}) '
                f'are no multiple of group_size={group_size}. Change the '
                'widths or group_size.')
        self.expand = nn.Conv2d(channels, inside, 1, bias=False)
        self.act1 = BiasedLeakyReLU(inside)
        self.mix = nn.Conv2d(inside, inside, 3, padding=1,
                             groups=inside // group_size, bias=False)
        self.act2 = BiasedLeakyReLU(inside)
        self.reduce = nn.Conv2d(inside, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Feature maps ``[N, C, H, W]`` to the same shape."""
        y = self.act1(self.expand(x))  # [N, expansion * C, H, W]
        y = self.act2(self.mix(y))
        return x + self.reduce(y)


class Resample(nn.Module):
    """Doubles or halves the resolution; the width changes where it is small.

    Args:
        in_channels: ``C``.
        out_channels: ``C'``; a 1x1 convolution where it is not ``C``.
        up: Whether to double, else to halve.
    """

    def __init__(self, in_channels: int, out_channels: int, *,
                 up: bool) -> None:
        super().__init__()
        self.up = up
        self.change_width = nn.Identity() if in_channels == out_channels \
            else nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.register_buffer('kernel', fir_kernel(BILINEAR), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', 2 H, 2 W]`` or ``[N, C', H/2, W/2]``.

        Around the image there are zeros.
        """
        if self.up:
            return upfirdn2d(
                self.change_width(x), self.kernel, up=2, pad=(2, 1), gain=4)
        return self.change_width(upfirdn2d(x, self.kernel, down=2, pad=1))


@MODELS.register_module()
class R3GANGenerator(NoiseGenerator):
    """From noise, through residual stages, to an image.

    The noise weighs the channels of one learned 4x4 map. Each further stage
    doubles the resolution.

    Args:
        widths: Channels of the stages, from 4x4 pixels on.
        noise_size: Size ``Z`` of the noise.
        num_classes: Number ``K`` of classes, whose embeddings of the size
            ``Z`` go beside the noise; 0 for none.
        blocks_per_stage: Residual blocks in a stage.
        expansion: See `R3GANBlock`.
        group_size: See `R3GANBlock`.
        out_channels: Channels of the image.
    """

    def __init__(self,
                 widths: Sequence[int],
                 noise_size: int = 64,
                 num_classes: int = 0,
                 *,
                 blocks_per_stage: int = 2,
                 expansion: int = 2,
                 group_size: int = 16,
                 out_channels: int = 3) -> None:
        super().__init__()
        self.noise_size = noise_size
        self.num_classes = num_classes
        inputs = noise_size
        if num_classes:
            self.embedding = nn.Embedding(num_classes, noise_size)
            inputs += noise_size
        self.noise2weights = nn.Linear(inputs, widths[0], bias=False)
        self.basis = nn.Parameter(torch.randn(widths[0], BASIS, BASIS))

        layers = []
        for before, width in zip([None, *widths], widths):
            if before is not None:
                layers.append(Resample(before, width, up=True))
            layers += [
                R3GANBlock(width, expansion=expansion, group_size=group_size)
                for _ in range(blocks_per_stage)
            ]
        self.stages = nn.Sequential(*layers)
        self.to_image = nn.Conv2d(widths[-1], out_channels, 1, bias=False)
        init_r3gan(self)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Noise ``[N, Z]`` and labels ``[N]`` to images ``[N, 3, H, W]``.

        Images are trained towards [-1, 1]; nothing keeps them there.
        """
        if self.num_classes:
            z = torch.cat([z, self.embedding(label).to(z.dtype)], 1)
        weights = self.noise2weights(z)                     # [N, C]
        x = weights[:, :, None, None] * self.basis.to(weights.dtype)
        x = self.stages(x)                                  # [N, C', H, W]
        return self.to_image(x)


@MODELS.register_module()
class R3GANDiscriminator(nn.Module):
    """The generator in reverse, from an image to a logit.

    With classes the logit is the inner product of the features with the
    embedding of the class.

    Args:
        widths: Channels of the stages, from 4x4 pixels on: the order of the
            generator.
        num_classes: Number ``K`` of classes; 0 for none.
        blocks_per_stage: Residual blocks in a stage.
        expansion: See `R3GANBlock`.
        group_size: See `R3GANBlock`.
        in_channels: Channels of the image.
    """

    def __init__(self,
                 widths: Sequence[int],
                 num_classes: int = 0,
                 *,
                 blocks_per_stage: int = 2,
                 expansion: int = 2,
                 group_size: int = 16,
                 in_channels: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.resolution = BASIS * 2**(len(widths) - 1)
        widths = widths[::-1]
        self.from_image = nn.Conv2d(in_channels, widths[0], 1, bias=False)

        layers = []
        for width, after in zip(widths, [*widths[1:], None]):
            layers += [
                R3GANBlock(width, expansion=expansion, group_size=group_size)
                for _ in range(blocks_per_stage)
            ]
            if after is not None:
                layers.append(Resample(width, after, up=False))
        self.stages = nn.Sequential(*layers)
        width = widths[-1]
        self.basis = nn.Conv2d(width, width, BASIS, groups=width, bias=False)
        if num_classes:
            self.features = nn.Linear(width, width, bias=False)
            self.embedding = nn.Embedding(num_classes, width)
        else:
            self.features = nn.Linear(width, 1, bias=False)
        init_r3gan(self)
        if num_classes:
            nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Images ``[N, C, H, W]`` and labels ``[N]`` to logits ``[N, 1]``."""
        owner = type(self).__name__
        check_images(x, self.in_channels, self.resolution, owner=owner)
        check_labels(label, self.num_classes, owner=owner)
        x = self.stages(self.from_image(x))          # [N, C, 4, 4]
        x = self.features(self.basis(x).flatten(1))  # [N, C] or [N, 1]
        if not self.num_classes:
            return x
        return (x * self.embedding(label)).sum(1, keepdim=True)


def init_r3gan(network: nn.Module) -> None:
    """He's initialisation, with residual blocks that start as the identity.

    The last layer of a block is 0 and the two others are scaled by
    ``L^(-1/4)``, with ``L`` the number of blocks (Zhang et al. 2019, "Fixup",
    arXiv:1901.09321, for three layers): without normalisation the variance
    would grow from block to block.
    """
    blocks = [m for m in network.modules() if isinstance(m, R3GANBlock)]
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity='linear')
    for block in blocks:
        for conv in (block.expand, block.mix):
            nn.init.kaiming_normal_(
                conv.weight, SLOPE, nonlinearity='leaky_relu')
            with torch.no_grad():
                conv.weight.mul_(len(blocks)**-0.25)
        nn.init.zeros_(block.reduce.weight)
