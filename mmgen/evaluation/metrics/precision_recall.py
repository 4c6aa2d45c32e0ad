"""Precision, recall, density and coverage.

Kynkaanniemi et al. 2019, arXiv:1904.06991: each set of images is described by
balls around its features, which reach to the ``k``-th neighbour in the same
set. Precision is the part of the generated images that lie in a ball of a real
one, recall the part of the real ones that lie in a ball of a generated one.

Naeem et al. 2020, arXiv:2002.09797, count with the balls of the real images
only, which outliers of the generator cannot blow up: density is in how many
of them a generated image lies, coverage the part of them that are not empty.
"""
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor

from mmgen.evaluation.features import FeatureNetwork, build_feature_network
from mmgen.evaluation.features.table import FeatureTable, read_features
from mmgen.evaluation.features.vgg import VGG16PyTorch, VGG16StyleGAN
from mmgen.evaluation.metrics.base import whole_number
from mmgen.evaluation.metrics.feature_sets import FeatureSetMetric
from mmgen.evaluation.standard_error import (JACKKNIFE_GROUPS, error_of_mean,
                                             jackknife_error)
from mmgen.registry import METRICS
from mmgen.utils.file_hash import file_hash

# Distances that are held at a time, 32 MB of float64.
DISTANCES_AT_ONCE = 1 << 22


class Distances:
    """Squared distances between two sets, a block at a time, in float64.

    ``|a|^2 + |b|^2 - 2 a.b`` after both were moved by the mean of ``b``,
    which keeps the terms small.

    Args:
        a: Features, ``[M, P]``.
        b: Features, ``[N, P]``.
        rows: At most so many rows of a block; fewer where it would hold more
            than ``DISTANCES_AT_ONCE``.
        columns: At most so many columns.
    """

    def __init__(self, a: Tensor, b: Tensor, rows: int, columns: int) -> None:
        self.a, self.b = a, b
        self.centre = b.double().mean(dim=0)
        self.columns = min(columns, len(b), DISTANCES_AT_ONCE)
        self.rows = min(rows, len(a), DISTANCES_AT_ONCE // self.columns)
        # Twice what rounding may do to a squared distance, as a part of
        # |a|^2 + |b|^2: less is a tie.
        self.rounding = 2 * a.shape[1] * torch.finfo(torch.float64).eps

    def blocks(self) -> Iterator[tuple[slice, slice, Tensor, Tensor]]:
        """Rows and columns of a block, its distances, and the same less what
        may be rounding; each ``[R, C]``."""
        for start in range(0, len(self.b), self.columns):
            columns = slice(start, min(start + self.columns, len(self.b)))
            b = self.b[columns].double() - self.centre
            b_norms = b.square().sum(dim=1)
            for start_row in range(0, len(self.a), self.rows):
                rows = slice(start_row, min(start_row + self.rows,
                                            len(self.a)))
                a = self.a[rows].double() - self.centre
                norms = a.square().sum(dim=1, keepdim=True) + b_norms
                distances = torch.addmm(norms, a, b.T, alpha=-2)
                yield (rows, columns, distances,
                       distances - self.rounding * norms)


def neighbour_radii(points: Tensor, k: int, rows: int = 10000,
                    columns: int = 10000) -> Tensor:
    """Distance of each point to its ``k``-th neighbour, itself left out.

    Args:
        points: ``[N, P]``, more than ``k``; equal ones are neighbours at
            distance 0.
        k: Which neighbour.
        rows: See `Distances`.
        columns: Likewise.

    Returns:
        float64 ``[N]``.
    """
    nearest = _nearest_of_groups(points, k, 1, rows, columns)
    return _kth(nearest, k)


def radii_without_groups(points: Tensor, k: int, groups: int,
                         rows: int = 10000, columns: int = 10000) -> Tensor:
    """`neighbour_radii` of all points, and without those of each group.

    Args:
        points: ``[N, P]``; point ``i`` is in group ``i % G``, and without a
            group there are more than ``k``.
        k: Which neighbour.
        groups: Their number ``G``.
        rows: See `Distances`.
        columns: Likewise.

    Returns:
        float64 ``[N, 1 + G]``; -inf for a point without its own group, as a
        ball that holds nothing.
    """
    nearest = _nearest_of_groups(points, k, groups, rows, columns)
    own = torch.arange(len(points), device=points.device) % groups
    radii = [_kth(nearest, k)]
    for group in range(groups):
        others = torch.cat([nearest[:, :group], nearest[:, group + 1:]], dim=1)
        radii.append(_kth(others, k).masked_fill(own == group, -torch.inf))
    return torch.stack(radii, dim=1)


def _kth(nearest: Tensor, k: int) -> Tensor:
    """``[N]`` distances out of squared ones to neighbours, ``[N, G, k]``."""
    found = nearest.flatten(1).kthvalue(k, dim=1).values
    return found.clamp(min=0).sqrt()


def _nearest_of_groups(points: Tensor, k: int, groups: int, rows: int,
                       columns: int) -> Tensor:
    """Squared distances to the ``k`` nearest of each group, float64
    ``[N, G, k]``; infinite where there are fewer."""
    nearest = torch.full((len(points), groups, k), torch.inf,
                         dtype=torch.float64, device=points.device)
    for own, others, distances, _ in Distances(
            points, points, rows, columns).blocks():
        # A point is its own neighbour on the diagonal of the whole matrix.
        first, stop = max(own.start, others.start), min(own.stop, others.stop)
        same = torch.arange(first, max(first, stop), device=points.device)
        distances[same - own.start, same - others.start] = torch.inf
        for group in range(groups):
            part = distances[:, (group - others.start) % groups::groups]
            found = part.topk(min(k, part.shape[1]), dim=1,
                              largest=False).values
            nearest[own, group] = torch.cat(
                [nearest[own, group], found], dim=1).topk(
                    k, dim=1, largest=False).values
    return nearest


@dataclass(frozen=True)
class BallCounts:
    """Which points lie in which balls.

    A point on the surface of a ball lies in it (Kynkaanniemi et al.,
    equation 1), also where only rounding separates the two. A set compared
    with itself so has a density of ``1 + 1 / k``.

    Attributes:
        balls: In how many balls of real points a generated one lies,
            int64 ``[M]``.
        reached: Whether a ball of a real point holds generated ones of a
            group, bool ``[N, G]``.
        recalled: Whether a real point lies in a ball of a generated one, for
            each set of these balls, bool ``[N, S]``.
        k: Which neighbour is on the surface.
    """

    balls: Tensor
    reached: Tensor
    recalled: Tensor
    k: int

    def values(self) -> dict[str, float]:
        """Precision, recall, density and coverage.

        Source: Kynkaanniemi et al., equations 1 and 2; Naeem et al., the
        definitions of density and coverage in section 3.
        """
        return dict(
            precision=_share(self.balls > 0),
            recall=_share(self.recalled[:, 0]),
            density=int(self.balls.sum()) / (self.k * len(self.balls)),
            coverage=_share(self.reached.any(dim=1)))

    def errors(self) -> dict[str, float]:
        """Their standard errors, for other generated images.

        Precision and density are means over these; for recall and coverage
        each group is left out in turn.
        """
        groups = self.reached.shape[1]
        reached_by = self.reached.sum(dim=1, keepdim=True)
        without = reached_by - self.reached.long() > 0
        return dict(
            precision=error_of_mean(self.balls > 0),
            recall=jackknife_error([_share(self.recalled[:, 1 + group])
                                    for group in range(groups)]),
            density=error_of_mean(self.balls) / self.k,
            coverage=jackknife_error([_share(without[:, group])
                                      for group in range(groups)]))


def _share(chosen: Tensor) -> float:
    return float(chosen.double().mean())


def count_balls(real: Tensor, fake: Tensor, real_radii: Tensor,
                fake_radii: Tensor, k: int, groups: int = 1,
                rows: int = 10000, columns: int = 10000) -> BallCounts:
    """Look at all pairs of a real and a generated point.

    Args:
        real: Features, ``[N, P]``.
        fake: Features, ``[M, P]``; the one of place ``i`` is in group
            ``i % G``.
        real_radii: Of the balls around ``real``, ``[N]``.
        fake_radii: Of the balls around ``fake``, ``[M, S]``.
        k: Which neighbour is on the surface.
        groups: ``G``.
        rows: See `Distances`.
        columns: Likewise.
    """
    balls = torch.zeros(len(fake), dtype=torch.long, device=fake.device)
    reached = torch.zeros(len(real), groups, dtype=torch.bool,
                          device=real.device)
    recalled = torch.zeros(len(real), fake_radii.shape[1], dtype=torch.bool,
                           device=real.device)
    real_reach = real_radii.square()
    # A radius of -inf is that of no ball, not of an endless one.
    fake_reach = fake_radii.square() * fake_radii.sign()
    for own, others, _, least in Distances(real, fake, rows,
                                           columns).blocks():
        in_real = least <= real_reach[own, None]
        balls[others] += in_real.sum(dim=0)
        for group in range(groups):
            part = in_real[:, (group - others.start) % groups::groups]
            reached[own, group] |= part.any(dim=1)
        for index in range(fake_radii.shape[1]):
            recalled[own, index] |= (
                least <= fake_reach[others, index]).any(dim=1)
    return BallCounts(balls, reached, recalled, k)


def precision_recall(real: Tensor, fake: Tensor, real_radii: Tensor,
                     fake_radii: Tensor, k: int, rows: int = 10000,
                     columns: int = 10000) -> dict[str, float]:
    """Precision, recall, density and coverage; see `count_balls`.

    Args:
        real: Features, ``[N, P]``.
        fake: Features, ``[M, P]``.
        real_radii: Of the balls around ``real``, ``[N]``.
        fake_radii: Of the balls around ``fake``, ``[M]``.
        k: Which neighbour is on the surface.
        rows: See `Distances`.
        columns: Likewise.
    """
    return count_balls(real, fake, real_radii, fake_radii[:, None], k,
                       rows=rows, columns=columns).values()


@METRICS.register_module(name=['PrecisionAndRecall', 'PR'])
class PrecisionAndRecall(FeatureSetMetric):
    """Improved precision and recall.

    Distances are computed in blocks and in float64, so that no N x N matrix
    is held and the number does not depend on the blocks. 1.x rounded the
    radii to half precision, which moves one image in some hundreds.

    Args:
        fake_nums: Number of generated images, usually 50000.
        real_nums: Number of real images, evenly spaced over the dataset; -1
            for all. The paper takes as many as generated ones.
        k: The balls reach to this neighbour.
        fake_key: Name of the image in the model's data samples.
        real_key: Name of the image in a batch of real images.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where all features are kept
            and distances are computed.
        prefix: First part of the result keys.
        vgg16_script: The TorchScript file of VGG-16; else ``vgg16.pt`` in the
            cache. See `VGG16StyleGAN`.
        vgg16_pkl: Features of the real images made beforehand, see
            `read_features`. If it is not there they are computed.
        row_batch_size: At most so many rows of distances at a time.
        col_batch_size: At most so many columns.
        auto_save: Keep the features of the real images in the cache.
        feature: Another network, a name or config of the registry
            ``FEATURES``; ``dict(type='VGG16PyTorch', path=...)`` for weights
            in torchvision's layout. The results with a network other than
            VGG-16 are called ``PR-`` and its name, and ``prefix`` may only
            lengthen that.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
        standard_error: Whether to measure, beside the numbers, how far they
            stray with other generated images, see `BallCounts.errors`; that
            of recall is rather too large, by half or more where recall is
            near 1. None: where there are enough images, 20 or twice ``k + 1``.
    """

    default_prefix = 'PR'
    result_names: tuple[str, ...] = ('precision', 'recall')

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 k: int = 3,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'ema',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 vgg16_script: str | None = 'work_dirs/cache/vgg16.pt',
                 vgg16_pkl: str | None = None,
                 row_batch_size: int = 10000,
                 col_batch_size: int = 10000,
                 auto_save: bool = True,
                 feature: str | dict | FeatureNetwork | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 standard_error: bool | None = None) -> None:
        self.k = whole_number(self, 'k', k, least=1)
        for name, images in dict(fake_nums=fake_nums,
                                 real_nums=real_nums).items():
            if 0 <= images <= self.k:
                raise ValueError(
                    f'{self}: {name}={images} images, but the neighbour '
                    f'k={self.k} of each is asked for: expected at least '
                    f'{self.k + 1}. Use more images or a smaller k.')
        network = VGG16StyleGAN(vgg16_script) if feature is None \
            else build_feature_network(feature)
        super().__init__(
            fake_nums, real_nums, network,
            isinstance(network, (VGG16StyleGAN, VGG16PyTorch)), self.k + 1,
            fake_key, real_key, sample_model, sample_kwargs, seed,
            collect_device, prefix, auto_save)
        self.vgg16_pkl = vgg16_pkl
        # Without a group there are neighbours enough.
        least = 2 * max(JACKKNIFE_GROUPS, self.k + 1)
        if standard_error:
            whole_number(self, 'fake_nums with standard_error=True',
                         fake_nums, least)
        self.standard_error = self.fake_nums >= least \
            if standard_error is None else standard_error
        self.block = (
            whole_number(self, 'row_batch_size', row_batch_size, least=1),
            whole_number(self, 'col_batch_size', col_batch_size, least=1))

    def start(self, device: torch.device) -> None:
        super().start(device)
        if self.reference is not None or self.vgg16_pkl is None:
            return
        if Path(self.vgg16_pkl).is_file():
            self.reference = self._read_reference(self.vgg16_pkl)
            self._selection = 'as in vgg16_pkl'
        else:
            print_log(
                f'{self}: there is no {self.vgg16_pkl}; computing the '
                'features of the val_dataloader instead.',
                logger='current',
                level=logging.WARNING)

    def _read_reference(self, path: str) -> FeatureTable:
        table = read_features(path)
        if table.rows.shape[1] != self.network.dim or table.count <= self.k:
            raise ValueError(
                f'{self}: {path} holds features of shape '
                f'{list(table.rows.shape)}, expected [N, {self.network.dim}] '
                f'of {self.network.name} with N of at least {self.k + 1}. '
                'Make the file with this network, or remove vgg16_pkl.')
        return replace(table.to(self.sums_device), sha256=file_hash(path))

    def compute(self) -> dict[str, float]:
        real, fake = self.reference.rows, self._fake.rows
        real_radii = neighbour_radii(real, self.k, *self.block)
        groups = JACKKNIFE_GROUPS if self.standard_error else 1
        fake_radii = radii_without_groups(fake, self.k, groups, *self.block) \
            if self.standard_error \
            else neighbour_radii(fake, self.k, *self.block)[:, None]
        self._counts = count_balls(real, fake, real_radii, fake_radii, self.k,
                                   groups, *self.block)
        values = self._counts.values()
        return {name: values[name] for name in self.result_names}

    def beside(self) -> dict[str, dict[str, float]]:
        if not self.standard_error:
            return {}
        errors = self._counts.errors()
        return {name: dict(standard_error=errors[name])
                for name in self.result_names}

    def identity(self) -> dict:
        return dict(super().identity(), k=self.k)


@METRICS.register_module()
class PRDC(PrecisionAndRecall):
    """Precision, recall, density and coverage.

    Args:
        fake_nums: Number of generated images.
        real_nums: Number of real images, evenly spaced over the dataset; -1
            for all. Density and coverage are meant for as many as generated
            ones, 10000 in the paper.
        k: The balls reach to this neighbour; 5 in the paper.
        feature: A name or config of the registry ``FEATURES``; None for
            VGG-16 as in the paper. Results are named as
            `PrecisionAndRecall`'s.
        vgg16_script: See `PrecisionAndRecall`.
        fake_key: Likewise.
        real_key: Likewise.
        sample_model: Likewise.
        collect_device: Likewise.
        prefix: Likewise.
        sample_kwargs: Likewise.
        seed: Likewise.
        auto_save: Likewise.
        standard_error: Likewise.
    """

    default_prefix = 'PRDC'
    result_names = ('precision', 'recall', 'density', 'coverage')

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 k: int = 5,
                 feature: str | dict | FeatureNetwork | None = None,
                 vgg16_script: str | None = None,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'orig',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 auto_save: bool = True,
                 standard_error: bool | None = None) -> None:
        super().__init__(
            fake_nums, real_nums, k, fake_key, real_key, sample_model,
            collect_device, prefix, vgg16_script, auto_save=auto_save,
            feature=feature, sample_kwargs=sample_kwargs, seed=seed,
            standard_error=standard_error)
