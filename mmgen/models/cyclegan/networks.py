"""The residual generator of CycleGAN.

Zhu, Park, Isola and Efros 2017, arXiv:1703.10593, sections 4 and 7.2, after
Johnson et al. 2016, arXiv:1603.08155: c7s1-64, d128, d256, R256 x 9, u128,
u64, c7s1-3.
"""
from itertools import pairwise

from torch import Tensor, nn

from mmgen.models.layers import (check_image_batch, conv_layer,
                                 init_with_gain)
from mmgen.registry import MODULES

RELU = dict(type='ReLU')
HALVINGS = 2


@MODULES.register_module()
class ResnetGenerator(nn.Module):
    """Two halvings, residual blocks, two doublings.

    Args:
        in_channels: Channels of the source images.
        out_channels: Channels of the target images.
        base_channels: Channels at full resolution; each halving doubles them.
        norm_cfg: Normalisation of all layers but the last, see `make_norm`.
        use_dropout: Whether half of the values are dropped in the residual
            blocks.
        num_blocks: Residual blocks; the paper has 6 for 128 x 128 pixels and
            9 from 256 x 256 on.
        padding_mode: Of the 7 x 7 convolutions and the residual blocks:
            ``'reflect'``, ``'replicate'`` or ``'zeros'``.
        init_cfg: See `init_with_gain`.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 base_channels: int = 64,
                 norm_cfg: dict = dict(type='IN'),
                 use_dropout: bool = False,
                 num_blocks: int = 9,
                 padding_mode: str = 'reflect',
                 init_cfg: dict = dict(type='normal', gain=0.02)) -> None:
        super().__init__()
        self.in_channels = in_channels
        bias = norm_cfg['type'] == 'IN'
        widths = [base_channels * 2**i for i in range(HALVINGS + 1)]

        first = conv_layer(
            nn.Conv2d(
                in_channels, base_channels, 7, padding=3, bias=bias,
                padding_mode=padding_mode), norm_cfg, RELU)
        down = [
            conv_layer(
                nn.Conv2d(narrow, wide, 3, stride=2, padding=1, bias=bias),
                norm_cfg, RELU) for narrow, wide in pairwise(widths)
        ]
        blocks = [
            ResidualBlock(widths[-1], norm_cfg, use_dropout, padding_mode)
            for _ in range(num_blocks)
        ]
        up = [
            conv_layer(
                nn.ConvTranspose2d(
                    wide, narrow, 3, stride=2, padding=1, output_padding=1,
                    bias=bias), norm_cfg, RELU)
            for wide, narrow in zip(widths[:0:-1], widths[-2::-1])
        ]
        last = conv_layer(
            nn.Conv2d(
                base_channels, out_channels, 7, padding=3,
                padding_mode=padding_mode), None, dict(type='Tanh'))
        self.model = nn.Sequential(first, *down, *blocks, *up, last)
        init_with_gain(self, init_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """Images ``[N, C, H, W]`` to images of that size, [-1, 1]."""
        check_image_batch(
            x, self.in_channels, owner=type(self).__name__,
            multiple=2**HALVINGS)
        return self.model(x)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions, added to what came in.

    Args:
        channels: ``C``.
        norm_cfg: Normalisation, see `make_norm`.
        use_dropout: Whether half of the values between the two are dropped.
        padding_mode: See `ResnetGenerator`.
    """

    def __init__(self, channels: int, norm_cfg: dict, use_dropout: bool,
                 padding_mode: str) -> None:
        super().__init__()

        def conv(act_cfg: dict | None) -> nn.Module:
            return conv_layer(
                nn.Conv2d(
                    channels, channels, 3, padding=1,
                    bias=norm_cfg['type'] == 'IN', padding_mode=padding_mode),
                norm_cfg, act_cfg)

        dropout = [nn.Dropout(0.5)] if use_dropout else []
        self.block = nn.Sequential(conv(RELU), *dropout, conv(None))

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same shape."""
        return x + self.block(x)
