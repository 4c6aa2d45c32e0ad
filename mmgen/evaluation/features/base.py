"""What a metric asks of a network that turns images into features."""
import json
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from mmgen.registry import FEATURES


class FeatureNetwork(ABC):
    """Images to feature vectors, the same numbers wherever it is used.

    Building one is cheap: files are looked for when it is first used, or asked
    for its identity.

    Attributes:
        name: Name in results and identity cards, e.g. ``Inception-PyTorch``.
        dim: Length ``P`` of a feature vector.
        is_inception: Whether plain FID and IS may be computed with it.
        distance: What a Frechet distance in these features is called, before
            the name: ``FID`` (-EffLite0) or ``FD`` (-DINOv2).
    """

    name: str
    dim: int
    is_inception = False
    distance = 'FID'

    @abstractmethod
    def __call__(self, images: Tensor) -> Tensor:
        """Features, float32 ``[N, P]``, of uint8 RGB images
        ``[N, 3, H, W]`` of any size."""

    @abstractmethod
    def identity(self) -> dict:
        """What determines the numbers: name, hash of the weights, resize
        method and quantisation of the images, as plain data."""

    def class_probabilities(self, images: Tensor) -> Tensor:
        """Class probabilities, float32 ``[N, K]``, where there are any."""
        raise TypeError(
            f'{self.name}: has no class probabilities. Use feature=None, the '
            'Inception network, with metrics that need them.')

    def to(self, device: torch.device | str) -> 'FeatureNetwork':
        """Move the network; it has to be loaded by now."""
        return self


def build_feature_network(
        feature: str | dict | FeatureNetwork) -> FeatureNetwork:
    """The network of a registered name, of a config, or as it is."""
    if isinstance(feature, FeatureNetwork):
        return feature
    if isinstance(feature, str):
        feature = dict(type=feature)
    known = FEATURES.get(feature.get('type', ''))
    if known is None:
        FEATURES.import_from_location()
        names = ', '.join(sorted(FEATURES.module_dict))
        raise ValueError(
            f'feature={feature.get("type")!r} is not a registered feature '
            f'network; known: {names}. Register your own with '
            '@FEATURES.register_module().')
    return FEATURES.build(dict(feature))


class ImageBatch:
    """Images under evaluation and what was computed from them so far.

    Several metrics may need the same features: each network sees the images
    once.

    Args:
        images: uint8 RGB, ``[N, 3, H, W]``.
        start: Place of the first image in the whole set.
        levels: The same before they were rounded and cut off to 0 to 255,
            float RGB; only where a `FakeRequest` has variants.
        index: Of the batch, counted over all processes.
        variant: Which of the request's variants it is.
    """

    def __init__(self, images: Tensor, start: int = 0,
                 levels: Tensor | None = None, index: int = 0,
                 variant: int = 0) -> None:
        if images.dtype != torch.uint8 or images.ndim != 4 \
                or images.shape[1] != 3:
            raise ValueError(
                f'ImageBatch: got {images.dtype} images of shape '
                f'{list(images.shape)}, expected torch.uint8 [N, 3, H, W].')
        self.images = images
        self.start = start
        self.levels = levels
        self.index = index
        self.variant = variant
        self._memo: dict[str, Tensor] = {}

    def __len__(self) -> int:
        return len(self.images)

    def features(self, network: FeatureNetwork) -> Tensor:
        """Features of the images, float32 ``[N, P]``."""
        return self._once('features', network, network, None)

    def probabilities(
            self, network: FeatureNetwork,
            resize: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Class probabilities of the images, float32 ``[N, K]``.

        Args:
            network: Feature network that knows classes.
            resize: Resizes the images first; its ``repr`` names it.
        """
        return self._once('probabilities', network,
                          network.class_probabilities, resize)

    def _once(self, kind: str, network: FeatureNetwork,
              function: Callable[[Tensor], Tensor],
              resize: Callable[[Tensor], Tensor] | None) -> Tensor:
        key = json.dumps([kind, network.identity(), repr(resize)])
        if key not in self._memo:
            with torch.inference_mode():
                images = resize(self.images) if resize else self.images
                self._memo[key] = function(images)
            self._check(self._memo[key], network)
        return self._memo[key]

    def _check(self, rows: Tensor, network: FeatureNetwork) -> None:
        """Refuse what would make every number NaN."""
        finite = torch.isfinite(rows).all(dim=1)
        if not finite.all():
            raise ValueError(
                f'{network.name}: {int((~finite).sum())} of {len(self)} '
                'feature vectors hold NaN or infinity (images '
                f'{self.start} to {self.start + len(self) - 1}). Check the '
                'weights file of the feature network.')
