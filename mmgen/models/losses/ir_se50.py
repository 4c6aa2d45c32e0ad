"""IR-SE50, the network that tells faces apart.

Deng et al. 2018, arXiv:1801.07698 (ArcFace): residual units that begin and end
with a batch norm, and BN-dropout-FC-BN at the end; with the squeeze-and-
excitation of Hu et al. 2017, arXiv:1709.01507. In the layout of the published
weights model_ir_se50.pth, whose names the parts have.
"""
import torch.nn.functional as F
from torch import Tensor, nn

# (channels, units) of the stages; each halves the resolution.
STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))
IN_SIZE = 112
FEATURES = 512
REDUCTION = 16  # of the channels inside squeeze-and-excitation
DROPOUT = 0.6


class SqueezeExcitation(nn.Module):
    """Scales each channel by a factor in (0, 1) that all channels decide."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // REDUCTION, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // REDUCTION, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same."""
        squeezed = x.mean((2, 3), keepdim=True)
        return x * self.fc2(self.fc1(squeezed).relu()).sigmoid()


class ResidualUnit(nn.Module):
    """BN, conv, PReLU, conv, BN and squeeze-and-excitation beside a shortcut.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        stride: Of the second convolution and the shortcut.
    """

    def __init__(self, in_channels: int, out_channels: int,
                 stride: int) -> None:
        super().__init__()
        if in_channels == out_channels:
            self.shortcut_layer = nn.MaxPool2d(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False),
            nn.PReLU(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out_channels), SqueezeExcitation(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C', H / stride, W / stride]``."""
        return self.res_layer(x) + self.shortcut_layer(x)


class IRSE50(nn.Module):
    """Faces to features of length 1 (arXiv:1801.07698)."""

    def __init__(self) -> None:
        super().__init__()
        channels, _ = STAGES[0]
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels), nn.PReLU(channels))
        units = []
        for width, count in STAGES:
            for number in range(count):
                units.append(
                    ResidualUnit(channels, width, 1 if number else 2))
                channels = width
        self.body = nn.Sequential(*units)
        side = IN_SIZE // 2**len(STAGES)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(channels), nn.Dropout(DROPOUT), nn.Flatten(),
            nn.Linear(channels * side**2, FEATURES), nn.BatchNorm1d(FEATURES))

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[N, 3, 112, 112]``, [-1, 1], RGB, to ``[N, 512]``."""
        x = self.body(self.input_layer(images))
        return F.normalize(self.output_layer(x))
