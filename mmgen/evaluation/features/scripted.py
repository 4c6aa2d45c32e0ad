"""Any network as features: a TorchScript file, or a vision transformer.

Stein et al. 2023, arXiv:2306.04675, found that Frechet distances in features
of DINOv2 agree better with people than those in Inception's. Such a distance
is called ``FD-`` and the network's name.
"""
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from mmgen.evaluation.features.base import FeatureNetwork
from mmgen.evaluation.features.resize import RESIZE_METHODS, resize_images
from mmgen.registry import FEATURES
from mmgen.utils.file_hash import file_hash

# Of ImageNet's pixels, and of those that CLIP was trained with, in [0, 1].
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class LocalNetwork(FeatureNetwork):
    """A network out of a local file, with the usual way of images into it.

    Images are resized, divided by 255, then ``mean`` is subtracted and the
    result divided by ``std``.

    Args:
        path: Where the weights are.
        name: Name in results, which are called ``FD-`` and the name.
        dim: Length of a feature vector.
        size: Side of the network's images, pixels.
        mean: Of each channel.
        std: Of each channel.
        resize: ``'clean'`` or ``'bilinear'``, see `resize_images`.
    """

    distance = 'FD'

    def __init__(self, path: str, name: str, dim: int, size: int,
                 mean: Sequence[float], std: Sequence[float],
                 resize: str) -> None:
        if resize not in RESIZE_METHODS:
            raise ValueError(
                f'{type(self).__name__}: resize={resize!r}, expected '
                f'{" or ".join(map(repr, RESIZE_METHODS))}.')
        if len(mean) != 3 or len(std) != 3:
            raise ValueError(
                f'{type(self).__name__}: mean={mean}, std={std}, expected '
                'three numbers each, of R, G and B.')
        self.path = path
        self.name = name
        self.dim = dim
        self.size = size
        self.mean = tuple(mean)
        self.std = tuple(std)
        self.resize = resize
        self._net: nn.Module | None = None
        self._sha256 = ''

    @property
    def net(self) -> nn.Module:
        """The network, loaded on first use."""
        if self._net is None:
            weights = self._weights()
            if not weights.is_file():
                raise FileNotFoundError(
                    f'{type(self).__name__}: there is no file {weights}. '
                    'Give the local path of the weights as path.')
            self._sha256 = file_hash(weights)
            self._net = self._load().eval()
        return self._net

    @abstractmethod
    def _weights(self) -> Path:
        """The file that holds the weights."""

    @abstractmethod
    def _load(self) -> nn.Module:
        """The network, on the CPU."""

    @abstractmethod
    def _features(self, images: Tensor) -> Tensor:
        """``[N, P]`` of normalised images, ``[N, 3, size, size]``."""

    def __call__(self, images: Tensor) -> Tensor:
        x = resize_images(images, self.size, self.resize) / 255
        mean, std = (x.new_tensor(item).view(3, 1, 1)
                     for item in (self.mean, self.std))
        features = self._features((x - mean) / std)
        if not isinstance(features, Tensor) \
                or features.shape != (len(images), self.dim):
            found = list(features.shape) if isinstance(features, Tensor) \
                else type(features).__name__
            raise ValueError(
                f'{type(self).__name__}: {self.path} answers {found}, '
                f'expected [{len(images)}, {self.dim}]. Set dim, or take a '
                'network that gives one vector for each image.')
        return features.float()

    def identity(self) -> dict:
        self.net  # the hash is known once the file is found
        return dict(
            name=self.name,
            weights_sha256=self._sha256,
            resize=f'to {self.size}, {RESIZE_METHODS[self.resize]}',
            quantisation='uint8',
            mean=list(self.mean),
            std=list(self.std))

    def to(self, device: torch.device | str) -> 'LocalNetwork':
        self._net = self.net.to(device)
        return self


@FEATURES.register_module()
class TorchScriptFeatures(LocalNetwork):
    """A TorchScript file that turns images into vectors.

    Loading one runs what is in it: take files from people you trust.

    Args:
        path: What ``torch.jit.save`` wrote; called with normalised images,
            ``[N, 3, size, size]``, it answers ``[N, dim]``.
        name: Name in results, which are called ``FD-`` and the name.
        dim: Length of a feature vector.
        size: Side of the network's images, pixels.
        mean: Of each channel, in [0, 1]; the default is ImageNet's.
        std: Likewise.
        resize: ``'clean'`` or ``'bilinear'``, see `resize_images`.
    """

    def __init__(self,
                 path: str,
                 name: str,
                 dim: int,
                 size: int = 224,
                 mean: Sequence[float] = IMAGENET_MEAN,
                 std: Sequence[float] = IMAGENET_STD,
                 resize: str = 'clean') -> None:
        super().__init__(path, name, dim, size, mean, std, resize)

    def _weights(self) -> Path:
        return Path(self.path)

    def _load(self) -> nn.Module:
        try:
            return torch.jit.load(self.path, map_location='cpu')
        except RuntimeError as error:
            raise RuntimeError(
                f'{type(self).__name__}: {self.path} is not a TorchScript '
                'file. Write it with torch.jit.save.') from error

    def _features(self, images: Tensor) -> Tensor:
        return self.net(images)


class _Transformer(LocalNetwork):
    """A vision transformer of the package ``transformers``."""

    def _weights(self) -> Path:
        return Path(self.path) / 'model.safetensors'

    def _load(self) -> nn.Module:
        try:
            import transformers
        except ImportError as error:
            raise ImportError(
                f'{type(self).__name__} needs the package "transformers", '
                'which is not installed: pip install transformers') from error
        network = getattr(transformers, self.network)
        found = network.from_pretrained(
            self.path, local_files_only=True, output_loading_info=True)
        net, missing = found[0], found[1]['missing_keys']
        if missing:
            raise RuntimeError(
                f'{type(self).__name__}: {self.path} lacks {len(missing)} '
                f'weights of {self.network}, e.g. {sorted(missing)[0]}. Give '
                'the folder of such a network.')
        return net.float()


@FEATURES.register_module()
class DINOv2(_Transformer):
    """The class token of DINOv2, for ``FD-DINOv2``.

    Oquab et al. 2023, arXiv:2304.07193. Needs the package ``transformers``.

    Args:
        path: Folder with ``config.json`` and ``model.safetensors``, e.g. a
            copy of ``facebook/dinov2-large`` of the Hugging Face hub.
        dim: Length of a feature vector, 1024 for the large network that Stein
            et al. use.
        name: Name in results; give another network than theirs another.
    """

    network = 'Dinov2Model'

    def __init__(self, path: str, dim: int = 1024,
                 name: str = 'DINOv2') -> None:
        super().__init__(path, name, dim, 224, IMAGENET_MEAN, IMAGENET_STD,
                         'clean')

    def _features(self, images: Tensor) -> Tensor:
        return self.net(pixel_values=images).pooler_output


@FEATURES.register_module()
class CLIP(_Transformer):
    """CLIP's image embedding, for ``FD-CLIP``.

    Radford et al. 2021, arXiv:2103.00020. Needs the package ``transformers``.

    Args:
        path: Folder with ``config.json`` and ``model.safetensors``, e.g. a
            copy of ``openai/clip-vit-large-patch14`` of the Hugging Face hub.
        dim: Length of a feature vector, 768 for that network.
        size: Side of the network's images, pixels.
        name: Name in results; give another network than that one another.
    """

    network = 'CLIPVisionModelWithProjection'

    def __init__(self, path: str, dim: int = 768, size: int = 224,
                 name: str = 'CLIP') -> None:
        super().__init__(path, name, dim, size, CLIP_MEAN, CLIP_STD, 'clean')

    def _features(self, images: Tensor) -> Tensor:
        return self.net(pixel_values=images).image_embeds
