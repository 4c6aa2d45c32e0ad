"""Sliced Wasserstein distance of patches, at each level of a pyramid.

Karras et al. 2018, arXiv:1710.10196, section 5: 7x7 patches of Laplacian
pyramids (Burt and Adelson 1983), 128 of each image and level, normalised in
each channel; the distance of two sets of patches is that of their random
projections (Rabin et al. 2011), averaged. Numbers are given times 1000.
"""
import zlib
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.evaluation.features import FeatureNetwork
from mmgen.evaluation.metrics.base import whole_number
from mmgen.evaluation.metrics.feature_sets import FeatureSetMetric
from mmgen.evaluation.standard_error import (JACKKNIFE_GROUPS, group_of,
                                             jackknife_error)
from mmgen.registry import METRICS

SMALLEST_LEVEL = 16  # pixels
MOST_LEVELS = 4  # so many has the published table, at 1024x1024 too
PATCH_SIZE = 7
PATCHES_PER_IMAGE = 128
PATCH_LENGTH = 3 * PATCH_SIZE**2
DIRECTION_SETS, DIRECTIONS_PER_SET = 4, 128  # 512 in all
DIRECTIONS_SEED = 0


def blur(images: Tensor) -> Tensor:
    """Binomial 5x5 filter of each channel, with zeros outside,
    ``[N, C, H, W]``."""
    row = images.new_tensor([1, 4, 6, 4, 1]) / 16
    channels = images.shape[1]
    kernel = torch.outer(row, row).expand(channels, 1, 5, 5)
    return F.conv2d(images, kernel, padding=2, groups=channels)


def laplacian_pyramid(images: Tensor, levels: int) -> list[Tensor]:
    """What each level has that the next smaller one has not.

    Args:
        images: Float, ``[N, C, H, W]``; sides divisible by
            ``2 ** (levels - 1)``.
        levels: Number of levels, each half as large as the one before.

    Returns:
        The levels, the largest first; the last one is the image itself.
    """
    pyramid = []
    for _ in range(levels - 1):
        smaller = blur(images)[:, :, ::2, ::2]
        doubled = smaller.repeat_interleave(2, dim=2).repeat_interleave(
            2, dim=3)
        pyramid.append(images - blur(doubled))
        images = smaller
    return [*pyramid, images]


def patches_at(images: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    """Patches around given pixels.

    Args:
        images: ``[N, C, H, W]``.
        columns: Of the patches' centres, int64 ``[N, M]``.
        rows: Likewise.

    Returns:
        ``[N * M, C, 7, 7]``, the patches of the first image first; axis 2
        goes along the columns, as in the recorded numbers.
    """
    reach = torch.arange(PATCH_SIZE, device=images.device) - PATCH_SIZE // 2
    x = (columns[:, :, None] + reach)[:, :, :, None]
    y = (rows[:, :, None] + reach)[:, :, None, :]
    place = torch.arange(len(images), device=images.device).view(-1, 1, 1, 1)
    # Indices around a slice put the sliced axis last: [N, M, 7, 7, C].
    return images[place, :, y, x].permute(0, 1, 4, 2, 3).flatten(0, 1)


def normalise(patches: Tensor) -> Tensor:
    """Mean 0 and deviation 1 (with N - 1) in each channel.

    Args:
        patches: ``[M, C, 7, 7]``.

    Returns:
        ``[M, C * 49]``; a channel that is constant becomes 0.
    """
    deviation, mean = torch.std_mean(patches, dim=(0, 2, 3), keepdim=True)
    tiny = torch.finfo(patches.dtype).tiny
    return ((patches - mean) / deviation.clamp(min=tiny)).flatten(1)


def sliced_wasserstein(a: Tensor, b: Tensor, directions: Tensor) -> float:
    """Mean distance of the projections of two sets of points.

    In one dimension the nearest transport pairs sorted points.

    Args:
        a: ``[M, P]``.
        b: ``[M, P]``.
        directions: Unit vectors in sets, ``[S, P, D]``.
    """
    if a.shape != b.shape:
        raise ValueError(
            f'sliced_wasserstein: sets of {list(a.shape)} and '
            f'{list(b.shape)}, expected equal ones. Use as many images of '
            'the one kind as of the other.')
    distances = [
        (_sorted_projections(a, part) - _sorted_projections(b, part))
        .abs().mean().item() for part in directions]
    return sum(distances) / len(distances)


def unequal_wasserstein(fewer: Tensor, more: Tensor) -> float:
    """Mean distance of sorted projections of two sets, of unequal size.

    Args:
        fewer: ``[D, M]``; each point stands for ``N / M`` of the others.
        more: ``[D, N]``.
    """
    share = more.shape[1] / fewer.shape[1]
    place = (torch.arange(fewer.shape[1], device=more.device) + 0.5) * share
    return (fewer - more[:, place.long()]).abs().mean().item()


def _sorted_projections(points: Tensor, directions: Tensor) -> Tensor:
    """``[D, M]``; sorting along the last axis is the faster way."""
    return (directions.T @ points.T).sort(dim=1).values


def random_directions() -> Tensor:
    """Unit vectors that are the same in every evaluation, ``[S, P, D]``."""
    rng = torch.Generator().manual_seed(DIRECTIONS_SEED)
    vectors = torch.randn(
        DIRECTION_SETS, PATCH_LENGTH, DIRECTIONS_PER_SET, generator=rng)
    return F.normalize(vectors, dim=1)


class LaplacianPatches(FeatureNetwork):
    """The patches of an image's pyramid as its features.

    Where they lie is drawn with a seed made of the image itself, so that it
    depends neither on the order of the images nor on the processes.

    Args:
        image_shape: Of the images, ``(3, H, W)``.
    """

    name = 'LaplacianPatches'

    def __init__(self, image_shape: Sequence[int]) -> None:
        self.image_shape = tuple(image_shape)
        side = min(self.image_shape[1:])
        self.sides = [side >> level for level in range(MOST_LEVELS)
                      if side >> level >= SMALLEST_LEVEL]
        self.dim = len(self.sides) * PATCHES_PER_IMAGE * PATCH_LENGTH

    def __call__(self, images: Tensor) -> Tensor:
        if images.shape[1:] != self.image_shape:
            raise ValueError(
                f'SWD: images of shape {list(images.shape[1:])}, expected '
                f'image_shape={list(self.image_shape)}. Set image_shape to '
                'that of the images, or resize the real ones in the pipeline '
                'of the val_dataloader.')
        draws = [np.random.default_rng(zlib.crc32(image.numpy().tobytes()))
                 for image in images.cpu().contiguous()]
        levels = laplacian_pyramid(images.float(), len(self.sides))
        return torch.cat([self._patches(level, draws) for level in levels],
                         dim=1)

    @staticmethod
    def _patches(level: Tensor, draws: list[np.random.Generator]) -> Tensor:
        """Those of one level, ``[N, 128 * 147]``."""
        margin = PATCH_SIZE // 2
        columns, rows = (
            torch.from_numpy(np.stack([
                draw.integers(margin, side - margin, PATCHES_PER_IMAGE)
                for draw in draws])).to(level.device)
            for side in (level.shape[3], level.shape[2]))
        return patches_at(level, columns, rows).reshape(len(level), -1)

    def identity(self) -> dict:
        return dict(
            name=self.name,
            levels=self.sides,
            patches=f'{PATCHES_PER_IMAGE} of {PATCH_SIZE}x{PATCH_SIZE}',
            resize='none',
            quantisation='uint8')


@METRICS.register_module(name=['SlicedWassersteinDistance', 'SWD'])
class SlicedWassersteinDistance(FeatureSetMetric):
    """Sliced Wasserstein distance at each level, and their mean ``avg``.

    All patches have to be kept: 75 kB for each level of an image, generated
    or real; 16384 images of 64x64 need 3.7 GB of each kind.

    Args:
        fake_nums: Number of generated images, and of real ones, which are
            evenly spaced over the dataset; 16384 in the paper.
        image_shape: Of the images, ``(3, H, W)``. There are up to four levels,
            the smallest of at least 16 pixels.
        fake_key: Name of the image in the model's data samples.
        real_key: Name of the image in a batch of real images.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where patches are kept.
        prefix: First part of the result keys.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
        standard_error: Whether to measure, beside the distances, how far they
            stray with other generated images: the jackknife over
            ``JACKKNIFE_GROUPS``, which takes about six times as long.
    """

    default_prefix = 'SWD'
    network: LaplacianPatches

    def __init__(self,
                 fake_nums: int | float,
                 image_shape: Sequence[int],
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'ema',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 standard_error: bool = False) -> None:
        super().__init__(
            fake_nums, fake_nums, LaplacianPatches(self._checked(image_shape)),
            usual=True, least=2, fake_key=fake_key, real_key=real_key,
            sample_model=sample_model, sample_kwargs=sample_kwargs, seed=seed,
            collect_device=collect_device, prefix=prefix, auto_save=False)
        self.result_names = (*map(str, self.network.sides), 'avg')
        self.standard_error = standard_error
        if standard_error:
            whole_number(self, 'fake_nums with standard_error=True', fake_nums,
                         least=2 * JACKKNIFE_GROUPS)

    def _checked(self, image_shape: Sequence[int]) -> tuple[int, ...]:
        if len(image_shape) != 3 or image_shape[0] != 3:
            raise ValueError(f'{self}: image_shape={image_shape!r}, expected '
                             '(3, H, W); grey images are measured as RGB.')
        shape = tuple(whole_number(self, 'image_shape', side, least=1)
                      for side in image_shape)
        side = min(shape[1:])
        halvings = min(max(0, (side // SMALLEST_LEVEL).bit_length() - 1),
                       MOST_LEVELS - 1)
        if side < SMALLEST_LEVEL or any(
                item % 2**halvings for item in shape[1:]):
            raise ValueError(
                f'{self}: image_shape={image_shape!r}, expected sides of at '
                f'least {SMALLEST_LEVEL} pixels that can be halved '
                f'{halvings} times.')
        return shape

    def compute(self) -> dict[str, float]:
        directions = random_directions().to(self._fake.rows)
        distances = [
            1000 * sliced_wasserstein(
                self._level(self._fake.rows, level),
                self._level(self.reference.rows, level), directions)
            for level in range(len(self.network.sides))]
        mean = sum(distances) / len(distances)
        return dict(zip(self.result_names, [*distances, mean]))

    def beside(self) -> dict[str, dict[str, float]]:
        if not self.standard_error:
            return {}
        left_out = np.array([self._left_out(level)
                             for level in range(len(self.network.sides))])
        errors = map(jackknife_error, [*left_out, left_out.mean(axis=0)])
        return {name: dict(standard_error=error)
                for name, error in zip(self.result_names, errors)}

    def _left_out(self, level: int) -> np.ndarray:
        """Distances of a level without each group, ``[G]``."""
        rows = self._fake.rows
        groups = group_of(len(rows), rows.device)
        real = self._level(self.reference.rows, level)
        directions = random_directions().to(rows)
        found = np.zeros(JACKKNIFE_GROUPS)
        for part in directions:
            theirs = _sorted_projections(real, part)
            # Patches again for each part: all groups' at once take too much.
            for group in range(JACKKNIFE_GROUPS):
                left = self._level(rows[groups != group], level)
                found[group] += unequal_wasserstein(
                    _sorted_projections(left, part), theirs)
        return 1000 * found / len(directions)

    @staticmethod
    def _level(rows: Tensor, level: int) -> Tensor:
        """Normalised patches of one level, ``[N * 128, 147]``."""
        length = PATCHES_PER_IMAGE * PATCH_LENGTH
        part = rows[:, level * length:(level + 1) * length]
        return normalise(part.reshape(-1, 3, PATCH_SIZE, PATCH_SIZE))

    def identity(self) -> dict:
        return dict(
            super().identity(),
            directions=f'{DIRECTION_SETS} times {DIRECTIONS_PER_SET}, seed '
            f'{DIRECTIONS_SEED}')
