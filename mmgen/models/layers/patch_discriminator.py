"""The discriminator that judges patches of an image.

Isola et al. 2016, arXiv:1611.07004, sections 3.2.2 and 6.1.2: C64-C128-C256-
C512, each logit sees 70 x 70 pixels. Zhu et al. 2017, arXiv:1703.10593,
section 4, takes the same with instance normalisation.
"""
from torch import Tensor, nn

from mmgen.models.layers.conv_layer import conv_layer
from mmgen.models.layers.image_input import check_image_batch
from mmgen.models.layers.init import init_with_gain
from mmgen.registry import MODULES


@MODULES.register_module()
class PatchDiscriminator(nn.Module):
    """Strided convolutions to a map of logits, one for each patch.

    Args:
        in_channels: Channels of the images; those of both images where it
            judges pairs.
        base_channels: Channels of the first feature map; each further
            convolution doubles them, up to eight times as many.
        num_conv: Convolutions with stride 2. Two with stride 1 follow: 3
            gives patches of 70 x 70 pixels.
        norm_cfg: Normalisation of all layers but the first and the last, see
            `make_norm`.
        init_cfg: See `init_with_gain`.
    """

    def __init__(self,
                 in_channels: int,
                 base_channels: int = 64,
                 num_conv: int = 3,
                 norm_cfg: dict = dict(type='BN'),
                 init_cfg: dict = dict(type='normal', gain=0.02)) -> None:
        super().__init__()
        self.in_channels = in_channels
        widths = [in_channels] + [
            base_channels * min(2**i, 8) for i in range(num_conv + 1)]
        strides = [2] * num_conv + [1]
        norms = [None] + [norm_cfg] * num_conv
        layers = [
            conv_layer(
                nn.Conv2d(
                    narrow, wide, 4, stride=stride, padding=1,
                    bias=norm is None or norm['type'] == 'IN'),
                norm_cfg=norm,
                act_cfg=dict(type='LeakyReLU', negative_slope=0.2))
            for narrow, wide, stride, norm in zip(
                widths, widths[1:], strides, norms)
        ]
        self.model = nn.Sequential(
            *layers, nn.Conv2d(widths[-1], 1, 4, padding=1))
        init_with_gain(self, init_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """Images ``[N, C, H, W]`` to logits ``[N, 1, H', W']``.

        With ``num_conv=3`` and sides that 8 divides, ``H' = H / 8 - 2``.
        """
        check_image_batch(x, self.in_channels, owner=type(self).__name__)
        return self.model(x)
