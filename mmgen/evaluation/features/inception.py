"""The Inception-v3 network of FID and IS, in its two published forms.

Szegedy et al. 2015, arXiv:1512.00567 (figures 5 to 7, table 1), in the
variant that Heusel et al. 2017, arXiv:1706.08500, measured FID with: a
TensorFlow graph of December 2015 with 1008 classes, whose average pools leave
the border out of the mean and whose last block pools the maximum.
"""
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mmgen.evaluation.features.base import FeatureNetwork
from mmgen.evaluation.features.published import PublishedNetwork
from mmgen.evaluation.features.resize import RESIZE_METHODS, resize_images
from mmgen.evaluation.features.weights import WeightsFile
from mmgen.registry import FEATURES

INPUT_SIZE = 299
FEATURE_SIZE = 2048
NUM_CLASSES = 1008

STYLEGAN_FILE = WeightsFile(
    url='https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/'
    'metrics/inception-2015-12-05.pt',
    filename='inception-2015-12-05.pt',
    option='inception_path',
    # The publisher names none; that of k-diffusion, and of other projects
    # that fetched the file on their own.
    checksum='sha256:'
    'f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4')
PYTORCH_FILE = WeightsFile(
    url='https://github.com/mseitzer/pytorch-fid/releases/download/'
    'fid_weights/pt_inception-2015-12-05-6726825d.pth',
    filename='pt_inception-2015-12-05-6726825d.pth',
    option='inception_path',
    checksum='sha256:6726825d')


class _Inception(PublishedNetwork):
    """What both styles have in common.

    Args:
        path: The file; without it the cache is searched, then it is
            downloaded.
        resize: ``'legacy'``, as in the publisher's own program, or
            ``'clean'``, as clean-fid does it, see `resize_images`.
    """

    dim = FEATURE_SIZE
    is_inception = True
    methods: dict[str, str | None]  # resize to method of `resize_images`
    remedy = ('Delete it to have it downloaded, or correct inception_path '
              'and inception_style.')

    def __init__(self, path: str | None = None,
                 resize: str = 'legacy') -> None:
        super().__init__(path)
        if resize not in self.methods:
            raise ValueError(f'{self.name}: resize={resize!r}, expected '
                             f'{" or ".join(map(repr, self.methods))}.')
        self.method = self.methods[resize]
        if self.method is not None:
            self.resize = f'to {INPUT_SIZE}, {RESIZE_METHODS[self.method]}'


@FEATURES.register_module()
class InceptionStyleGAN(_Inception):
    """The TorchScript file that StyleGAN2-ADA and later papers measure with.

    Arguments as `_Inception`'s.
    """

    name = 'Inception-StyleGAN'
    weights_file = STYLEGAN_FILE
    methods = dict(legacy=None, clean='clean')
    resize = 'bilinear to 299, inside the TorchScript file'

    def _load(self, path: Path) -> nn.Module:
        return torch.jit.load(str(path), map_location='cpu').eval()

    def __call__(self, images: Tensor) -> Tensor:
        return self.net(self._input(images), return_features=True).float()

    def class_probabilities(self, images: Tensor) -> Tensor:
        return self.net(self._input(images), no_output_bias=True).float()

    def _input(self, images: Tensor) -> Tensor:
        """What the file is called with; it leaves 299 pixels as they are."""
        return images if self.method is None \
            else resize_images(images, INPUT_SIZE, self.method)


@FEATURES.register_module()
class InceptionPyTorch(_Inception):
    """The TensorFlow weights as converted for pytorch-fid.

    Arguments as `_Inception`'s; ``resize`` may be ``'tensorflow'`` as well,
    with which the network is given what TensorFlow gave it. That is how
    torch-fidelity measures, and what `InceptionStyleGAN` does on its own.
    """

    name = 'Inception-PyTorch'
    weights_file = PYTORCH_FILE
    methods = dict(legacy='bilinear', clean='clean', tensorflow='tensorflow')

    def _load(self, path: Path) -> nn.Module:
        net = InceptionV3()
        state = torch.load(path, map_location='cpu', weights_only=True)
        state = {key: value for key, value in state.items()
                 if not key.startswith('AuxLogits.')}
        # Batch norm's counters of batches do not take part in evaluation.
        for key, value in net.state_dict().items():
            if key.endswith('num_batches_tracked'):
                state.setdefault(key, value)
        net.load_state_dict(state)
        net = net.eval().requires_grad_(False).fold()
        return net.to(memory_format=torch.channels_last)

    def __call__(self, images: Tensor) -> Tensor:
        images = resize_images(images, INPUT_SIZE, self.method)
        images = images.contiguous(memory_format=torch.channels_last)
        if self.method == 'tensorflow':
            return self.net((images - 128) / 128)
        return self.net(images / 127.5 - 1)

    def identity(self) -> dict:
        tensorflow = self.method == 'tensorflow'
        return dict(super().identity(),
                    range='(x - 128) / 128' if tensorflow else 'x / 127.5 - 1')

    def class_probabilities(self, images: Tensor) -> Tensor:
        # Without the bias, as the Inception score was first computed.
        return F.linear(self(images), self.net.fc.weight).softmax(dim=1)


INCEPTION_STYLES = dict(StyleGAN=InceptionStyleGAN, PyTorch=InceptionPyTorch)


def build_inception(asker: object, style: str, path: str | None,
                    resize: str = 'legacy') -> FeatureNetwork:
    """The Inception network of a style.

    Args:
        asker: Who asks, for the error message.
        style: ``'StyleGAN'`` or ``'PyTorch'``.
        path: Local weights file; else the cache, else a download.
        resize: See `_Inception` and `InceptionPyTorch`.
    """
    if style not in INCEPTION_STYLES:
        raise ValueError(
            f'{asker}: inception_style={style!r}, expected '
            f'{" or ".join(map(repr, INCEPTION_STYLES))}.')
    return INCEPTION_STYLES[style](path, resize)


class ConvBN(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size,
                 stride: int = 1, padding=0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride,
                              padding, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)

    def fold(self) -> None:
        """Put the batch norm's evaluation form into the convolution."""
        folded = fuse_conv_bn_eval(self.conv.double(), self.bn.double())
        self.conv, self.bn = folded.float(), nn.Identity()


def _average_pool(x: Tensor) -> Tensor:
    """3x3 mean of the pixels that lie inside the image."""
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _max_pool(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, stride=1, padding=1)


class Mixed35(nn.Module):
    """Figure 5: 1x1, 5x5, two 3x3 and a pool side by side, at 35x35."""

    def __init__(self, in_channels: int, pool_channels: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 64, 1)
        self.branch5x5_1 = ConvBN(in_channels, 48, 1)
        self.branch5x5_2 = ConvBN(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = ConvBN(in_channels, 64, 1)
        self.branch3x3dbl_2 = ConvBN(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvBN(96, 96, 3, padding=1)
        self.branch_pool = ConvBN(in_channels, pool_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        triple = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return torch.cat([
            self.branch1x1(x),
            self.branch5x5_2(self.branch5x5_1(x)),
            self.branch3x3dbl_3(triple),
            self.branch_pool(_average_pool(x)),
        ], dim=1)


class Reduce35(nn.Module):
    """From 35x35 to 17x17 (figure 10): strided convolutions and a pool."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = ConvBN(in_channels, 384, 3, stride=2)
        self.branch3x3dbl_1 = ConvBN(in_channels, 64, 1)
        self.branch3x3dbl_2 = ConvBN(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvBN(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return torch.cat([
            self.branch3x3(x),
            self.branch3x3dbl_3(double),
            F.max_pool2d(x, 3, stride=2),
        ], dim=1)


class Mixed17(nn.Module):
    """Figure 6 with n = 7: 7x7 as 1x7 and 7x1, once and twice, at 17x17."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = dict(kernel_size=(1, 7), padding=(0, 3))
        column = dict(kernel_size=(7, 1), padding=(3, 0))
        self.branch1x1 = ConvBN(768, 192, 1)
        self.branch7x7_1 = ConvBN(768, channels, 1)
        self.branch7x7_2 = ConvBN(channels, channels, **row)
        self.branch7x7_3 = ConvBN(channels, 192, **column)
        self.branch7x7dbl_1 = ConvBN(768, channels, 1)
        self.branch7x7dbl_2 = ConvBN(channels, channels, **column)
        self.branch7x7dbl_3 = ConvBN(channels, channels, **row)
        self.branch7x7dbl_4 = ConvBN(channels, channels, **column)
        self.branch7x7dbl_5 = ConvBN(channels, 192, **row)
        self.branch_pool = ConvBN(768, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        single = self.branch7x7_2(self.branch7x7_1(x))
        double = self.branch7x7dbl_2(self.branch7x7dbl_1(x))
        double = self.branch7x7dbl_4(self.branch7x7dbl_3(double))
        return torch.cat([
            self.branch1x1(x),
            self.branch7x7_3(single),
            self.branch7x7dbl_5(double),
            self.branch_pool(_average_pool(x)),
        ], dim=1)


class Reduce17(nn.Module):
    """From 17x17 to 8x8: strided convolutions and a pool."""

    def __init__(self) -> None:
        super().__init__()
        self.branch3x3_1 = ConvBN(768, 192, 1)
        self.branch3x3_2 = ConvBN(192, 320, 3, stride=2)
        self.branch7x7x3_1 = ConvBN(768, 192, 1)
        self.branch7x7x3_2 = ConvBN(192, 192, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = ConvBN(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = ConvBN(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.branch7x7x3_2(self.branch7x7x3_1(x))
        return torch.cat([
            self.branch3x3_2(self.branch3x3_1(x)),
            self.branch7x7x3_4(self.branch7x7x3_3(wide)),
            F.max_pool2d(x, 3, stride=2),
        ], dim=1)


class Mixed8(nn.Module):
    """Figure 7: 3x3 fanned out into 1x3 and 3x1, at 8x8."""

    def __init__(self, in_channels: int, pool) -> None:
        super().__init__()
        row = dict(kernel_size=(1, 3), padding=(0, 1))
        column = dict(kernel_size=(3, 1), padding=(1, 0))
        self.pool = pool
        self.branch1x1 = ConvBN(in_channels, 320, 1)
        self.branch3x3_1 = ConvBN(in_channels, 384, 1)
        self.branch3x3_2a = ConvBN(384, 384, **row)
        self.branch3x3_2b = ConvBN(384, 384, **column)
        self.branch3x3dbl_1 = ConvBN(in_channels, 448, 1)
        self.branch3x3dbl_2 = ConvBN(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = ConvBN(384, 384, **row)
        self.branch3x3dbl_3b = ConvBN(384, 384, **column)
        self.branch_pool = ConvBN(in_channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        single = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return torch.cat([
            self.branch1x1(x),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(self.pool(x)),
        ], dim=1)


class InceptionV3(nn.Module):
    """Table 1 of the paper, as FID uses it.

    Parameter names are those of the published weights file.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvBN(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = ConvBN(32, 32, 3)
        self.Conv2d_2b_3x3 = ConvBN(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = ConvBN(64, 80, 1)
        self.Conv2d_4a_3x3 = ConvBN(80, 192, 3)
        self.Mixed_5b = Mixed35(192, pool_channels=32)
        self.Mixed_5c = Mixed35(256, pool_channels=64)
        self.Mixed_5d = Mixed35(288, pool_channels=64)
        self.Mixed_6a = Reduce35(288)
        self.Mixed_6b = Mixed17(128)
        self.Mixed_6c = Mixed17(160)
        self.Mixed_6d = Mixed17(160)
        self.Mixed_6e = Mixed17(192)
        self.Mixed_7a = Reduce17()
        self.Mixed_7b = Mixed8(1280, pool=_average_pool)
        self.Mixed_7c = Mixed8(2048, pool=_max_pool)
        self.fc = nn.Linear(FEATURE_SIZE, NUM_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Images, float ``[N, 3, 299, 299]`` in [-1, 1], RGB, to features
        ``[N, 2048]``."""
        # stem: 299 -> 149 -> 147 -> 73 -> 71 -> 35
        x = self.Conv2d_1a_3x3(x)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(x))
        x = F.max_pool2d(x, 3, stride=2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, stride=2)
        # 35x35
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        # 17x17
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))
        x = self.Mixed_6e(self.Mixed_6d(x))
        # 8x8
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean(dim=(2, 3))

    def fold(self) -> 'InceptionV3':
        """Fold all batch norms; for evaluation only, and not undone."""
        for module in self.modules():
            if isinstance(module, ConvBN):
                module.fold()
        return self
