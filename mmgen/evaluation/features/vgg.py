"""VGG-16, whose features precision and recall are measured in.

Simonyan and Zisserman 2015, arXiv:1409.1556, table 1, column D. Kynkaanniemi
et al. 2019, arXiv:1904.06991, take the 4096 activations of its second fully
connected layer.
"""
from pathlib import Path

import torch
from torch import Tensor, nn

from mmgen.evaluation.features.published import PublishedNetwork
from mmgen.evaluation.features.resize import RESIZE_METHODS, resize_images
from mmgen.evaluation.features.scripted import (IMAGENET_MEAN,
                                                IMAGENET_STD)
from mmgen.evaluation.features.weights import WeightsFile
from mmgen.registry import FEATURES

INPUT_SIZE = 224
FEATURE_SIZE = 4096
NUM_CLASSES = 1000

# Channels of the 3x3 convolutions of each stage; a 2x2 pool ends a stage.
STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512),
          (512, 512, 512))

STYLEGAN_FILE = WeightsFile(
    url='https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/'
    'metrics/vgg16.pt',
    filename='vgg16.pt',
    option='vgg16_script',
    checksum=None)
PYTORCH_FILE = WeightsFile(
    url='https://download.pytorch.org/models/vgg16-397923af.pth',
    filename='vgg16-397923af.pth',
    option='path',
    checksum='sha256:397923af')


@FEATURES.register_module()
class VGG16StyleGAN(PublishedNetwork):
    """The TorchScript file that StyleGAN2-ADA and later papers measure with.

    It takes uint8 RGB images ``[N, 3, H, W]`` in 0 .. 255 of any size and
    brings them to 224 by itself; with ``return_features=True`` it answers
    ``[N, 4096]``.

    Args:
        path: The file; without it the cache is searched.
    """

    name = 'VGG16-StyleGAN'
    dim = FEATURE_SIZE
    weights_file = STYLEGAN_FILE
    resize = 'to 224, inside the TorchScript file'
    remedy = ('Correct vgg16_script. Weights in the layout of torchvision '
              "are read by feature=dict(type='VGG16PyTorch', path=...).")

    def _load(self, path: Path) -> nn.Module:
        return torch.jit.load(str(path), map_location='cpu').eval()

    def __call__(self, images: Tensor) -> Tensor:
        return self.net(images, return_features=True).float()


@FEATURES.register_module()
class VGG16PyTorch(PublishedNetwork):
    """Weights in the layout of torchvision.

    Args:
        path: The file; without it the cache is searched, then it is
            downloaded.
    """

    name = 'VGG16-PyTorch'
    dim = FEATURE_SIZE
    weights_file = PYTORCH_FILE
    resize = f'to 224, {RESIZE_METHODS["clean"]}'
    remedy = ('Correct path. The TorchScript file is read by '
              "feature=dict(type='VGG16StyleGAN', path=...).")

    def _load(self, path: Path) -> nn.Module:
        return load_vgg16(path)

    def __call__(self, images: Tensor) -> Tensor:
        x = resize_images(images, INPUT_SIZE, 'clean') / 255
        mean, std = (x.new_tensor(item).view(3, 1, 1)
                     for item in (IMAGENET_MEAN, IMAGENET_STD))
        return self.net((x - mean) / std)


def load_vgg16(path: Path) -> 'VGG16':
    """The network with the weights of a file, for evaluation."""
    state = torch.load(path, map_location='cpu', weights_only=True)
    with torch.device('meta'):  # 138 million weights need no first values
        net = VGG16()
    net.load_state_dict(state, assign=True)
    return net.eval().requires_grad_(False)


class VGG16(nn.Module):
    """Column D of the paper's table 1.

    Parameter names are those of torchvision.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = _convolutions()
        side = INPUT_SIZE // 2**len(STAGES)
        self.classifier = nn.Sequential(
            nn.Linear(STAGES[-1][-1] * side * side, FEATURE_SIZE),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(FEATURE_SIZE, FEATURE_SIZE),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(FEATURE_SIZE, NUM_CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images, ``[N, 3, 224, 224]``, to the activations of the
        second fully connected layer, ``[N, 4096]``."""
        x = self.features(x).flatten(1)
        return self.classifier[:5](x)


def _convolutions() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for stage in STAGES:
        for width in stage:
            layers += [nn.Conv2d(channels, width, 3, padding=1),
                       nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
