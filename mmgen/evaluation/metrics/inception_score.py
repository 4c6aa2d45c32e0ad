"""Inception score: are images clearly of one class, and of all classes?

Salimans et al. 2016, arXiv:1606.03498, section 4:
``exp(E_x KL(p(y|x) || p(y)))``, in parts whose mean and standard deviation
are reported.
"""
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather_object
from PIL import Image
from torch import Tensor

from mmgen.evaluation.features import (FeatureNetwork, ImageBatch,
                                       build_feature_network)
from mmgen.evaluation.features.inception import (INPUT_SIZE,
                                                 build_inception)
from mmgen.evaluation.metrics.base import GenMetric, whole_number
from mmgen.registry import METRICS

PILLOW_FILTERS = dict(
    nearest=Image.Resampling.NEAREST,
    bilinear=Image.Resampling.BILINEAR,
    bicubic=Image.Resampling.BICUBIC)


class PredictionSums:
    """Sums of class probabilities for each consecutive part of the images.

    Args:
        total: Number of images in all.
        splits: Number of parts ``S``.
        device: Where the sums are kept.
    """

    def __init__(self, total: int, splits: int,
                 device: torch.device | str = 'cpu') -> None:
        # Image i is in part s where bounds[s] <= i < bounds[s + 1].
        self.bounds = torch.arange(splits + 1, device=device) * total // splits
        self.splits = splits
        self.sums: Tensor | None = None

    def update(self, probabilities: Tensor, start: int) -> None:
        """Add ``[N, K]`` probabilities of the images from ``start`` on."""
        p = probabilities.to(self.bounds.device, torch.float64)
        if self.sums is None:
            # columns: sum of p, sum of p log p, number of images
            self.sums = p.new_zeros(self.splits, p.shape[1] + 2)
        rows = torch.cat([
            p,
            torch.xlogy(p, p).sum(dim=1, keepdim=True),
            p.new_ones(len(p), 1)
        ], dim=1)
        places = torch.arange(start, start + len(p), device=p.device)
        part = torch.searchsorted(self.bounds, places, right=True) - 1
        self.sums.index_add_(0, part, rows)

    def gather(self) -> Tensor:
        """Sums over all processes, ``[S, K + 2]``; each has to call it."""
        sums = None if self.sums is None else self.sums.cpu()
        # A process that saw no image does not know the number of classes.
        return sum(item for item in all_gather_object(sums)
                   if item is not None)


def inception_score(sums: Tensor) -> tuple[float, float]:
    """Mean and standard deviation (with N) over the parts.

    Args:
        sums: For each part the sums of ``p`` ``[K]`` and of ``p log p``, and
            the number of images; float64 ``[S, K + 2]``.

    Returns:
        The score and its deviation; the mean KL divergence of a part is
        ``E[sum p log p] - sum q log q`` with ``q = E[p]``.
    """
    mean = sums[:, :-1] / sums[:, -1:]
    q, p_log_p = mean[:, :-1], mean[:, -1]
    scores = (p_log_p - torch.xlogy(q, q).sum(dim=1)).exp()
    return float(scores.mean()), float(scores.std(correction=0))


@dataclass(frozen=True)
class InputResize:
    """How images are brought to the size of the Inception network.

    Attributes:
        method: ``nearest``, ``bilinear`` or ``bicubic``.
        pillow: Resize with Pillow, which widens its filter when it shrinks,
            else with PyTorch, which does not.
    """

    method: str
    pillow: bool

    def __call__(self, images: Tensor) -> Tensor:
        """uint8 ``[N, 3, H, W]`` to uint8 ``[N, 3, 299, 299]``."""
        if self.pillow:
            return torch.stack([self._pillow(image) for image in images.cpu()
                                ]).to(images.device)
        corners = {} if self.method == 'nearest' else dict(align_corners=False)
        resized = F.interpolate(
            images.float(), (INPUT_SIZE, INPUT_SIZE), mode=self.method,
            **corners)
        return resized.round().clamp(0, 255).to(torch.uint8)

    def _pillow(self, image: Tensor) -> Tensor:
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        resized = picture.resize((INPUT_SIZE, INPUT_SIZE),
                                 PILLOW_FILTERS[self.method])
        return torch.from_numpy(np.array(resized)).permute(2, 0, 1)


@METRICS.register_module(name=['InceptionScore', 'IS'])
class InceptionScore(GenMetric):
    """Inception score.

    Args:
        fake_nums: Number of generated images.
        resize: Bring the images to 299x299 first; else the network does it
            in its own way.
        splits: Number of parts.
        inception_style: ``'StyleGAN'`` or ``'PyTorch'``, as for FID.
        inception_path: Local weights file; else the cache, else a download.
        resize_method: ``'nearest'``, ``'bilinear'`` or ``'bicubic'``.
        use_pillow_resize: Resize with Pillow instead of PyTorch.
        fake_key: Name of the image in the model's data samples.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where sums are kept.
        prefix: First part of the result keys.
        feature: A network of the Inception kind from the registry
            ``FEATURES``; the score is not defined on others.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
    """

    network: FeatureNetwork
    default_prefix = 'IS'
    result_names = ('is', 'is_std')

    def __init__(self,
                 fake_nums: int | float = 50000,
                 resize: bool = True,
                 splits: int = 10,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 resize_method: str = 'bicubic',
                 use_pillow_resize: bool = True,
                 fake_key: str | None = None,
                 sample_model: str = 'orig',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0) -> None:
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device, prefix)
        self.network = build_inception(
            self, inception_style, inception_path) \
            if feature is None else build_feature_network(feature)
        if not self.network.is_inception:
            raise ValueError(
                f'{self}: feature={self.network.name!r}, but the score is '
                "defined by Inception's classes. Use feature=None; FID takes "
                'other features.')
        self.splits = whole_number(self, 'splits', splits, least=1)
        if self.fake_nums < self.splits:
            raise ValueError(
                f'{self}: fake_nums={self.fake_nums} images for splits='
                f'{self.splits} parts, expected at least one in each. Use '
                'more images or fewer splits.')
        if resize_method not in PILLOW_FILTERS:
            raise ValueError(
                f'{self}: resize_method={resize_method!r}, expected '
                f'{" or ".join(map(repr, PILLOW_FILTERS))}.')
        self.resize = InputResize(resize_method,
                                  use_pillow_resize) if resize else None

    def reset(self, device: torch.device | str) -> None:
        self._sums = PredictionSums(self.fake_nums, self.splits, device)

    def process(self, batch: ImageBatch, take: int) -> None:
        probabilities = batch.probabilities(self.network, self.resize)
        self._sums.update(probabilities[:take], batch.start)

    def gather(self) -> None:
        self._gathered = self._sums.gather()
        seen = int(self._gathered[:, -1].sum())
        if seen != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {seen} generated images, expected fake_nums='
                f'{self.fake_nums}. Check that the model answers num_batches '
                'with as many images.')

    def compute(self) -> dict[str, float]:
        return dict(zip(self.result_names, inception_score(self._gathered)))

    def identity(self) -> dict:
        resize = 'by the network' if self.resize is None else asdict(
            self.resize)
        return dict(super().identity(), resize=resize, splits=self.splits)
