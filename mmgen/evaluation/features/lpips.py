"""LPIPS: how different two images look, in features of VGG-16.

Zhang et al. 2018, arXiv:1801.03924, equation 1: activations of five layers are
made unit vectors at each place, their squared differences weighted by channel
(what the paper learnt from people's judgements), and averaged over places.
"""
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from mmgen.evaluation.features.published import WRONG_FILE
from mmgen.evaluation.features.scripted import IMAGENET_MEAN, IMAGENET_STD
from mmgen.evaluation.features.vgg import (STAGES, VGG16PyTorch,
                                           VGG16StyleGAN)
from mmgen.registry import FEATURES
from mmgen.utils.file_hash import file_hash

# Against division by zero, as the published weights were measured with.
EPSILON = 1e-10
# Four pools are before the last layer.
LEAST_SIDE = 2**(len(STAGES) - 1)


class PerceptualDistance(ABC):
    """How different images look.

    Building one is cheap: files are looked for when it is first used.

    Attributes:
        name: Name in identity cards.
        least_side: Of images that it takes, pixels.
    """

    name: str
    least_side: int

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """Distances of pairs.

        Args:
            a: Float RGB ``[N, 3, H, W]`` on the scale 0 to 255; values are
                neither rounded nor cut off.
            b: Likewise, of the same shape.

        Returns:
            float32 ``[N]``.

        Raises:
            ValueError: The images differ in shape or are too small.
        """
        if a.shape != b.shape or a.ndim != 4 or a.shape[1] != 3:
            raise ValueError(
                f'{self.name}: images have shapes {list(a.shape)} and '
                f'{list(b.shape)}, expected [N, 3, H, W] twice.')
        if min(a.shape[2:]) < self.least_side:
            raise ValueError(
                f'{self.name}: images of {a.shape[2]} x {a.shape[3]} pixels, '
                f'expected at least {self.least_side} x {self.least_side}.')
        return self.distances(a, b)

    @abstractmethod
    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        """The same for images that are fit for it."""

    @abstractmethod
    def identity(self) -> dict:
        """What determines the numbers, as plain data."""

    @abstractmethod
    def to(self, device: torch.device | str) -> 'PerceptualDistance':
        """Move the network."""


@FEATURES.register_module()
class LPIPSStyleGAN(PerceptualDistance):
    """The TorchScript file that StyleGAN2-ADA and later papers measure with.

    Called with float images in 0 .. 255, ``resize_images=False`` and
    ``return_lpips=True`` it answers vectors, whose squared distances are
    LPIPS.

    Args:
        path: The file; without it the cache is searched.
    """

    name = 'LPIPS-VGG16-StyleGAN'
    least_side = LEAST_SIDE

    def __init__(self, path: str | None = None) -> None:
        self.vgg = VGG16StyleGAN(path)

    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        first, second = (
            self.vgg.net(images, resize_images=False, return_lpips=True)
            for images in (a, b))
        return (first - second).float().square().sum(1)

    def identity(self) -> dict:
        return dict(name=self.name,
                    weights_sha256=self.vgg.identity()['weights_sha256'],
                    resize='none', quantisation='none')

    def to(self, device: torch.device | str) -> 'LPIPSStyleGAN':
        self.vgg.to(device)
        return self


@FEATURES.register_module()
class LPIPS(PerceptualDistance):
    """VGG-16 in the layout of torchvision, and the weights of the channels.

    Args:
        heads_path: File of the authors with the weights of the channels,
            ``vgg.pth`` of version 0.1; the PyPI package ``lpips`` has it as
            ``lpips/weights/v0.1/vgg.pth``.
        path: File of the network; without it the cache is searched, then it
            is downloaded.
    """

    name = 'LPIPS-VGG16-PyTorch'
    least_side = LEAST_SIDE

    def __init__(self, heads_path: str, path: str | None = None) -> None:
        self.heads_path = heads_path
        self.vgg = VGG16PyTorch(path)
        self._heads: list[Tensor] | None = None
        self._sha256 = ''

    @property
    def heads(self) -> list[Tensor]:
        """Weights of the channels of each layer, read on first use."""
        if self._heads is None:
            self._heads = read_heads(self.heads_path)
            self._sha256 = file_hash(self.heads_path)
        return self._heads

    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        x = torch.cat([a, b]) / 255
        mean, std = (x.new_tensor(item).view(3, 1, 1)
                     for item in (IMAGENET_MEAN, IMAGENET_STD))
        layers = activations(self.vgg.net.features, (x - mean) / std)
        return lpips((x.chunk(2) for x in layers), self.heads)

    def identity(self) -> dict:
        self.heads  # the hash is known once the file is read
        return dict(name=self.name,
                    weights_sha256=self.vgg.identity()['weights_sha256'],
                    heads_sha256=self._sha256,
                    resize='none', quantisation='none')

    def to(self, device: torch.device | str) -> 'LPIPS':
        self.vgg.to(device)
        self._heads = [head.to(device) for head in self.heads]
        return self


def activations(features: nn.Sequential, x: Tensor) -> Iterator[Tensor]:
    """What each stage of VGG-16 ends with, before its pool.

    Args:
        features: The convolutions.
        x: Normalised images, ``[N, 3, H, W]``.

    Returns:
        Iterator over five times ``[N, C, H', W']``.
    """
    for layer in features:
        if isinstance(layer, nn.MaxPool2d):
            yield x
        x = layer(x)


def lpips(layers: Iterator[Sequence[Tensor]],
          heads: Sequence[Tensor]) -> Tensor:
    """Distances ``[N]`` (equation 1).

    Args:
        layers: For each layer the activations of both images, twice
            ``[N, C, H, W]``.
        heads: Weights of its channels, ``[C]``.
    """
    parts = []
    for (a, b), head in zip(layers, heads):
        squares = (_unit(a) - _unit(b)).square()
        weighted = (squares * head.view(-1, 1, 1)).sum(1)
        parts.append(weighted.mean((1, 2)))
    return torch.stack(parts).sum(0)


def _unit(x: Tensor) -> Tensor:
    """``[N, C, H, W]`` with length 1 over the channels."""
    return x / (x.norm(dim=1, keepdim=True) + EPSILON)


def read_heads(path: str) -> list[Tensor]:
    """Weights of the channels of the five layers, each ``[C]``.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: It is another.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'LPIPS: there is no file {path}. Give the local path of the '
            "authors' vgg.pth (version 0.1) as heads_path.")
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
        heads = [dict(state)[f'lin{index}.model.1.weight'].float()
                 for index in range(len(STAGES))]
    except WRONG_FILE as error:
        raise RuntimeError(_wrong_heads(path, repr(error))) from error
    for head, widths in zip(heads, STAGES):
        if head.shape != (1, widths[-1], 1, 1):
            raise RuntimeError(_wrong_heads(
                path, f'weights of shape {list(head.shape)}'))
    return [head.flatten() for head in heads]


def _wrong_heads(path: str, found: str) -> str:
    widths = ', '.join(str(stage[-1]) for stage in STAGES)
    return (f'LPIPS: {path} does not hold the weights of the channels of '
            f'VGG-16: {found}; expected lin0.model.1.weight to '
            f'lin{len(STAGES) - 1}.model.1.weight of {widths} channels. '
            "Give the authors' vgg.pth (version 0.1) as heads_path.")
