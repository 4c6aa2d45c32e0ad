"""The U-Net generator of Pix2Pix.

Isola, Zhu, Zhou and Efros 2016, arXiv:1611.07004, figure 3 and section 6.1.1.
Difference from the paper: dropout starts one layer further outside, in the
blocks around the innermost, as in the authors' PyTorch code, whose layout the
published weights have.
"""
import torch
from torch import Tensor, nn

from mmgen.models.layers import (check_image_batch, conv_layer,
                                 init_with_gain)
from mmgen.registry import MODULES

LEAKY = dict(type='LeakyReLU', negative_slope=0.2)
RELU = dict(type='ReLU')
ACT_FIRST = ('act', 'conv', 'norm')
FIRST_WITH_DROPOUT = 4  # blocks further outside have none


@MODULES.register_module()
class UnetGenerator(nn.Module):
    """Halve the resolution, double it again, with skips at each size.

    Args:
        in_channels: Channels of the source images.
        out_channels: Channels of the target images.
        num_down: Halvings. With 8 an image of 256 x 256 pixels becomes one
            pixel.
        base_channels: Channels of the first feature map; each halving doubles
            them, up to eight times as many.
        norm_cfg: Normalisation, see `make_norm`. The first layer, the
            innermost and the last have none.
        use_dropout: Whether half of the values are dropped after the layers
            of the decoder that are neither the innermost nor among the last
            four; with 8 halvings these are three.
        init_cfg: See `init_with_gain`.

    Raises:
        ValueError: Too few halvings.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 num_down: int = 8,
                 base_channels: int = 64,
                 norm_cfg: dict = dict(type='BN'),
                 use_dropout: bool = False,
                 init_cfg: dict = dict(type='normal', gain=0.02)) -> None:
        super().__init__()
        if num_down < 2:
            raise ValueError(f'UnetGenerator: num_down={num_down}, expected '
                             'at least 2 halvings.')
        self.in_channels = in_channels
        self.num_down = num_down
        widths = [base_channels * min(2**i, 8) for i in range(num_down)]

        block = None  # from the inside out
        for level in reversed(range(1, num_down)):
            block = SkipBlock(
                widths[level - 1], widths[level], block, norm_cfg,
                dropout=use_dropout and block is not None
                and level >= FIRST_WITH_DROPOUT)
        self.model = OuterBlock(
            in_channels, widths[0], out_channels, block, norm_cfg)
        init_with_gain(self, init_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """Images ``[N, C, H, W]`` to images of that size, [-1, 1]."""
        check_image_batch(
            x, self.in_channels, owner=type(self).__name__,
            multiple=2**self.num_down)
        return self.model(x)


class SkipBlock(nn.Module):
    """One size of the U: down, what is below, up; and a way past all that.

    Args:
        outer: Channels of the input, and of what comes up again.
        inner: Channels below.
        below: The next smaller size; None for the innermost block.
        norm_cfg: Normalisation, see `make_norm`.
        dropout: Whether half of what comes up is dropped.
    """

    def __init__(self, outer: int, inner: int, below: nn.Module | None,
                 norm_cfg: dict, dropout: bool) -> None:
        super().__init__()
        bias = norm_cfg['type'] == 'IN'
        innermost = below is None
        down = conv_layer(
            nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias),
            None if innermost else norm_cfg, LEAKY, order=ACT_FIRST)
        up = conv_layer(
            nn.ConvTranspose2d(
                inner if innermost else 2 * inner, outer, 4, stride=2,
                padding=1, bias=bias), norm_cfg, RELU, order=ACT_FIRST)
        layers = [down, up] if innermost else [down, below, up]
        if dropout:
            layers.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, outer, H, W]`` to ``[N, 2 * outer, H, W]``."""
        return torch.cat([x, self.model(x)], dim=1)


class OuterBlock(nn.Module):
    """The largest size of the U: from the image, and to it.

    Args:
        in_channels: Channels of the source images.
        inner: Channels below.
        out_channels: Channels of the target images.
        below: The next smaller size.
        norm_cfg: By which the first layer has a bias or not.
    """

    def __init__(self, in_channels: int, inner: int, out_channels: int,
                 below: nn.Module, norm_cfg: dict) -> None:
        super().__init__()
        self.model = nn.Sequential(
            conv_layer(
                nn.Conv2d(
                    in_channels, inner, 4, stride=2, padding=1,
                    bias=norm_cfg['type'] == 'IN'), None, None),
            below,
            conv_layer(
                nn.ConvTranspose2d(
                    2 * inner, out_channels, 4, stride=2, padding=1),
                None, RELU, order=ACT_FIRST), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H, W]``, [-1, 1]."""
        return self.model(x)
