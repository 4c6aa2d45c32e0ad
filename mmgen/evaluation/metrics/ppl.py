"""Perceptual path length: how much an image changes along a path of latents.

Karras et al. 2018, arXiv:1812.04948, section 4.1: the expected
``d(G(p(t)), G(p(t + epsilon))) / epsilon^2``, where ``p`` is a path between two
random latents and ``d`` a perceptual distance of images.
"""
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather_object
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader

from mmgen.evaluation.features import ImageBatch, build_feature_network
from mmgen.evaluation.features.lpips import LPIPSStyleGAN, PerceptualDistance
from mmgen.evaluation.metrics.base import GenMetric
from mmgen.evaluation.samplers import sampled_generator
from mmgen.registry import METRICS

SPACES = ('Z', 'W')
SAMPLINGS = ('full', 'end')
VGG_SIDE = 256  # larger images are shrunk: VGG was made for 224


def slerp(a: Tensor, b: Tensor, percent: float | Tensor) -> Tensor:
    """Spherical interpolation.

    Args:
        a: Vectors, ``[..., Z]``.
        b: Vectors of the same shape; not opposite to those of ``a``.
        percent: Share of the way, [0, 1]: a number, or ``[..., 1]``.

    Returns:
        Unit vectors, ``[..., Z]``, at that share of the angle from ``a`` to
        ``b``.

    Source: Shoemake 1985, "Animating rotation with quaternion curves".
    """
    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
    cosine = (a * b).sum(-1, keepdim=True).clamp(-1, 1)
    angle = percent * cosine.acos()
    sideways = F.normalize(b - cosine * a, dim=-1)
    return F.normalize(a * angle.cos() + sideways * angle.sin(), dim=-1)


@dataclass(frozen=True)
class PathPoint:
    """Gives the model latents at one place of random paths.

    Two of them that differ in ``offset`` alone are on the same paths, as
    `FakeRequest` has all variants begin with the same random state.

    Attributes:
        space: ``'Z'``: from noise to noise on the sphere; ``'W'``: from style
            to style, straight.
        sampling: ``'full'``: at a random place of the path; ``'end'``: at its
            beginning.
        offset: Share of the path from there.
        to_style: In ``'W'``, noise ``[N, Z]`` to styles ``[N, D]``; all
            calls that belong together draw the same classes.
    """

    space: str
    sampling: str
    offset: float
    to_style: Callable[[Tensor], Tensor] | None = None

    def __call__(self, inputs: dict, index: int) -> dict:
        inputs = dict(inputs, noise=self.latents)
        if self.space == 'W':
            inputs['sample_kwargs'] = dict(
                inputs['sample_kwargs'], input_is_latent=True)
        return inputs

    def latents(self, shape: tuple[int, ...]) -> Tensor:
        """Latents for a batch.

        Args:
            shape: Of the noise, ``[N, Z]``, or ``[N, C, H, W]`` where noise
                is like an image.

        Returns:
            Noise of that shape, or styles ``[N, D]``.
        """
        count = shape[0]
        # On the CPU, so that all devices have the same paths.
        ends = torch.randn(count, 2, *shape[1:])
        place = torch.rand(count, 1, dtype=torch.float64) \
            if self.sampling == 'full' \
            else torch.zeros(count, 1, dtype=torch.float64)
        place += self.offset
        # A step of 1e-4 of the way is not much in float32.
        if self.to_style is not None:
            styles = self.to_style(ends.flatten(0, 1)).double()
            first, second = styles[::2], styles[1::2]
            return first.lerp(second, place.to(first.device)).float()
        first, second = ends.double().flatten(2).unbind(1)
        # As long as noise is: generators other than StyleGAN do not
        # normalise it.
        radius = first.shape[1]**0.5
        return (slerp(first, second, place) * radius).float().view(shape)


def style_mapping(asker: object, generator: Any) -> Callable[[Tensor], Tensor]:
    """A generator's way from noise ``[2 N, Z]`` to styles ``[2 N, D]``.

    A conditional one draws a class for each two rows that follow each other.
    """
    if not hasattr(generator, 'map_noise'):
        raise TypeError(
            f"{asker}: space='W' needs a generator with styles (a method "
            f"map_noise), got {type(generator).__name__}. Use space='Z'.")

    def to_style(noise: Tensor) -> Tensor:
        noise = noise.to(next(generator.parameters()).device)
        given = []
        if getattr(generator, 'num_classes', 0):
            labels = torch.randint(generator.num_classes, (len(noise) // 2, ))
            given = [labels.repeat_interleave(2).to(noise.device)]
        styles = generator.map_noise(noise, *given)
        # Where each layer has its own, they are equal before any mixing.
        return styles if styles.ndim == 2 else styles[:, 0]

    return to_style


def face_crop(images: Tensor) -> Tensor:
    """The face of an aligned portrait, half as high and wide.

    In eighths of the image, rows 3 to 7 and columns 2 to 6.

    Source: section 4.1 compares the faces alone; which part of a portrait of
    FFHQ that is, is a convention of the field.
    """
    height, width = (side // 8 for side in images.shape[2:])
    return images[:, :, 3 * height:7 * height, 2 * width:6 * width]


def shrink(images: Tensor) -> Tensor:
    """Images of about 256 pixels, as means of square blocks, if larger."""
    factor = images.shape[2] // VGG_SIDE
    return F.avg_pool2d(images, factor) if factor > 1 else images


def filtered_mean(distances: np.ndarray) -> tuple[float, float]:
    """The mean between the 1st and the 99th percentile, and its error.

    The lower neighbour of the one and the higher one of the other are the
    bounds, and are included.

    Args:
        distances: ``[N]``, 2 or more.

    Returns:
        The mean, and its standard error: what lies beyond a bound counts as
        if it lay on it, and the deviation of all is divided by the share
        that is kept. The deviation of the kept ones would be too small.

    Source: Tukey and McLaughlin 1963, "Less vulnerable confidence and
    significance procedures for location based on a single sample".
    """
    low = np.percentile(distances, 1, method='lower')
    high = np.percentile(distances, 99, method='higher')
    kept = distances[(low <= distances) & (distances <= high)]
    deviation = distances.clip(low, high).std(ddof=1)
    error = deviation * len(distances)**0.5 / len(kept)
    return float(np.sort(kept).mean()), float(error)


@METRICS.register_module(name=['PerceptualPathLength', 'PPL'])
class PerceptualPathLength(GenMetric):
    """Perceptual path length, LPIPS being the distance.

    Beside it is its standard error, how far it strays with other paths.
    Both images of a pair have the same injected noise and, in conditional
    models, the same class.

    Args:
        fake_nums: Number of pairs of images.
        real_nums: Without meaning, as are ``real_key`` and ``latent_dim``;
            taken for configs of 1.x. The model says how large its noise is.
        fake_key: Name of the image in the model's data samples.
        real_key: See ``real_nums``.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: Distances are always kept on the CPU.
        prefix: First part of the result keys.
        crop: Compare the faces of aligned portraits, see `face_crop`. Without
            it as Karras et al. 2019, arXiv:1912.04958, table 1.
        epsilon: Step, as a share of the path.
        space: ``'Z'``, noise, or ``'W'``, styles.
        sampling: ``'full'``: steps from anywhere on a path; ``'end'``: from
            its beginning.
        latent_dim: See ``real_nums``.
        vgg16_script: Local TorchScript file, see `LPIPSStyleGAN`; else the
            cache.
        feature: Another perceptual distance of the registry ``FEATURES``,
            such as ``dict(type='LPIPS', heads_path=...)``.
        sample_kwargs: Passed to the model.
        seed: Seed of the paths.
    """

    default_prefix = 'PPL'
    network: PerceptualDistance
    result_names = ('ppl_score', )
    needs_model = 'it asks the model for images of neighbouring latents'

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = 0,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'ema',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 crop: bool = True,
                 epsilon: float = 1e-4,
                 space: str = 'W',
                 sampling: str = 'end',
                 latent_dim: int = 512,
                 vgg16_script: str | None = None,
                 feature: str | dict | PerceptualDistance | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0) -> None:
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device, prefix)
        for name, value, known in (('space', space, SPACES),
                                   ('sampling', sampling, SAMPLINGS)):
            if value not in known:
                raise ValueError(f'{self}: {name}={value!r}, expected '
                                 f'{" or ".join(map(repr, known))}.')
        if not 0 < epsilon < 1:
            raise ValueError(f'{self}: epsilon={epsilon!r}, expected a share '
                             'of the path between 0 and 1, usually 1e-4.')
        self.crop = crop
        self.epsilon = epsilon
        self.space = space
        self.sampling = sampling
        self.network = self._distance(vgg16_script, feature)
        self._follow_paths(None)

    def _distance(self, vgg16_script: str | None,
                  feature: str | dict | PerceptualDistance | None
                  ) -> PerceptualDistance:
        if feature is None:
            return LPIPSStyleGAN(vgg16_script)
        network = build_feature_network(feature) \
            if isinstance(feature, (str, dict)) else feature
        if not isinstance(network, PerceptualDistance):
            raise ValueError(
                f'{self}: feature={type(network).__name__} is no perceptual '
                "distance. Use dict(type='LPIPS', heads_path=...), or None.")
        return network

    def _follow_paths(self,
                      to_style: Callable[[Tensor], Tensor] | None) -> None:
        """Want both ends of a step."""
        self.fake_request = replace(self.fake_request, variants=tuple(
            PathPoint(self.space, self.sampling, offset, to_style)
            for offset in (0.0, self.epsilon)))

    def meet(self, model: BaseModel, dataloader: DataLoader) -> None:
        if self.space == 'W':
            generator = sampled_generator(
                model, self.fake_request.sample_model)
            self._follow_paths(style_mapping(self, generator))

    def reset(self, device: torch.device | str) -> None:
        self._before = torch.empty(0)
        self._distances: list[Tensor] = []

    def process(self, batch: ImageBatch, take: int) -> None:
        assert batch.levels is not None  # the request has variants
        images = batch.levels[:take]
        images = shrink(face_crop(images) if self.crop else images)
        if batch.variant == 0:
            self._before = images
            return
        with torch.inference_mode():
            distances = self.network(self._before, images)
        if not torch.isfinite(distances).all():
            raise ValueError(
                f'{self}: {self.network.name} gives NaN or infinity (images '
                f'{batch.start} to {batch.start + take - 1}). Check its '
                'weights file.')
        self._distances.append(distances.double().cpu() / self.epsilon**2)

    def gather(self) -> None:
        own = [item.numpy() for item in self._distances]
        self._gathered = np.concatenate(
            [item for part in all_gather_object(own) for item in part]
            or [np.zeros(0)])
        if len(self._gathered) != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {len(self._gathered)} pairs of images, expected '
                f'fake_nums={self.fake_nums}. Check that the model answers '
                'num_batches with as many images.')

    def compute(self) -> dict[str, float]:
        return dict(ppl_score=filtered_mean(self._gathered)[0])

    def beside(self) -> dict[str, dict[str, float]]:
        _, error = filtered_mean(self._gathered)
        return dict(ppl_score=dict(standard_error=error))

    def identity(self) -> dict[str, Any]:
        return dict(
            super().identity(),
            path=dict(space=self.space, sampling=self.sampling,
                      epsilon=self.epsilon),
            crop='face' if self.crop else 'none',
            shrink=f'mean of blocks, to about {VGG_SIDE}',
            outliers='below the 1st and above the 99th percentile left out')
