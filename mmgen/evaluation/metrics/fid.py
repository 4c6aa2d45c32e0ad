"""Frechet distance of two sets of images.

Heusel et al. 2017, arXiv:1706.08500, equation 6: features of both sets are
taken for Gaussians; the distance is ``|m_a - m_b|^2 + Tr(A + B - 2 sqrt(AB))``
(Dowson and Landau 1982).
"""
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor

from mmgen.evaluation.features import (FeatureNetwork, FeatureStatistics,
                                       Gaussian, ImageBatch,
                                       build_feature_network, read_statistics)
from mmgen.evaluation.features.inception import build_inception
from mmgen.evaluation.features.statistics import join_statistics
from mmgen.evaluation.metrics.base import (GenMetric, prefix_with_features,
                                           whole_number)
from mmgen.evaluation.reference import ReferenceRequest
from mmgen.registry import METRICS
from mmgen.utils.file_hash import file_hash

# Of the generated images, for the standard error.
JACKKNIFE_GROUPS = 10


def frechet_distance(mean_a: np.ndarray, cov_a: np.ndarray,
                     mean_b: np.ndarray,
                     cov_b: np.ndarray) -> tuple[float, float, float]:
    """Squared Frechet distance of two Gaussians, in float64.

    Args:
        mean_a: ``[P]``.
        cov_a: ``[P, P]``, of any rank.
        mean_b: ``[P]``.
        cov_b: ``[P, P]``, of any rank.

    Returns:
        The distance, its part from the means, its part from the covariances.
    """
    mean_a, cov_a, mean_b, cov_b = (
        torch.as_tensor(item, dtype=torch.float64)
        for item in (mean_a, cov_a, mean_b, cov_b))
    mean_part = float((mean_a - mean_b).square().sum())
    cov_part = float(cov_a.trace() + cov_b.trace()
                     - 2 * trace_of_root(cov_a, cov_b))
    # Equal covariances leave rounding of either sign; a distance has none.
    cov_part = max(cov_part, 0.0)
    return mean_part + cov_part, mean_part, cov_part


def gaussian_distance(a: Gaussian, b: Gaussian) -> tuple[float, float, float]:
    """`frechet_distance` of two sets' statistics."""
    return frechet_distance(a.mean, a.cov, b.mean, b.cov)


def trace_of_root(cov_a: Tensor, cov_b: Tensor) -> Tensor:
    """``Tr sqrt(A B)`` of two covariances, float64 ``[P, P]``.

    With ``A = L L^T`` and ``B = M M^T`` it is the sum of the singular values
    of ``L^T M``, since ``A B`` has the eigenvalues of
    ``(L^T M)(L^T M)^T``. Taking the roots of eigenvalues instead would turn
    rounding of 1e-16 into 1e-8.
    """
    product = _factor(cov_a).T @ _factor(cov_b)
    if 0 in product.shape:  # one of the sets is a single point
        return cov_a.new_zeros(())
    return torch.linalg.svdvals(product).sum()


def _factor(cov: Tensor) -> Tensor:
    """``L`` of ``[P, R]`` with ``L L^T = cov``; ``R`` is its rank."""
    rounding = max(len(cov), 64) * torch.finfo(cov.dtype).eps
    # What is left of a positive matrix after this much is taken away still
    # has a Cholesky factor; of a singular one it has none.
    margin = 100 * rounding * cov.diagonal().max() * torch.eye(
        len(cov), dtype=cov.dtype)
    _, singular = torch.linalg.cholesky_ex(cov - margin)
    if not singular:
        return torch.linalg.cholesky(cov)
    values, vectors = torch.linalg.eigh(cov)
    # The root of a rounding error is not small: leave such directions out.
    kept = values > rounding * values[-1].clamp(min=0)
    return vectors[:, kept] * values[kept].sqrt()


def jackknife_error(left_out: Sequence[float]) -> float:
    """Standard error of a number from its values with one group left out.

    Args:
        left_out: ``G`` values, each of all groups but one.

    Returns:
        ``sqrt((G - 1) / G * sum (v - mean(v))^2)``.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap",
    chapter 11, with groups in place of single observations.
    """
    values = np.asarray(left_out)
    deviation = np.square(values - values.mean()).sum()
    return float(np.sqrt((len(values) - 1) / len(values) * deviation))


@METRICS.register_module(name=['FrechetInceptionDistance', 'FID', 'FID-Full'])
class FrechetInceptionDistance(GenMetric):
    """FID, or the Frechet distance in the features of another network.

    Args:
        fake_nums: Number of generated images, usually 50000.
        real_nums: Number of real images, evenly spaced over the dataset of
            the ``val_dataloader``, so that a folder sorted by class gives all
            classes; -1 for all.
        inception_style: ``'StyleGAN'``, the TorchScript file, or
            ``'PyTorch'``, the converted TensorFlow weights.
        inception_path: Local weights file; else the cache, else a download.
        inception_pkl: Statistics of the real images made beforehand: an
            ``.npz`` or what 1.x wrote. If it is not there they are computed.
        fake_key: Name of the image in the model's data samples.
        real_key: Name of the image in a batch of real images.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where statistics are summed.
        prefix: First part of the result keys.
        feature: Another network than Inception: a name or config of the
            registry ``FEATURES``. The results are then called ``FID-``, or
            ``FD-`` as the network has it, and its name; ``prefix`` may only
            lengthen that.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
        resize: ``'legacy'``, or ``'clean'``, as clean-fid does it, or, for
            the style ``'PyTorch'``, ``'tensorflow'``; see `InceptionPyTorch`.
            Another ``feature`` has a resize of its own.
        floor: Report as ``floor`` the distance between two halves of the real
            images, every second one against the rest: what images as good as
            real ones get, with half of the numbers.
        standard_error: Report as ``standard_error`` how far the distance
            strays with other generated images: the delete-a-group jackknife
            over ``JACKKNIFE_GROUPS``. The real images stay as they are.
    """

    default_prefix = 'FID'
    result_names: tuple[str, ...] = ('fid', 'mean', 'cov')
    distance_prefix = ''  # of what a distance in other features is called

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 inception_pkl: str | None = None,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'orig',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 resize: str = 'legacy',
                 floor: bool = False,
                 standard_error: bool = False) -> None:
        if feature is not None and resize != 'legacy':
            raise ValueError(
                f'{self}: resize={resize!r} together with feature, expected '
                'one of the two. Set resize in the config of the feature.')
        network = build_inception(
            self, inception_style, inception_path, resize) \
            if feature is None else build_feature_network(feature)
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device,
                         self._checked_prefix(prefix, network))
        self.network = network
        self.real_nums = -1 if real_nums == -1 else whole_number(
            self, 'real_nums', real_nums, least=2)
        self.real_key = real_key
        self.inception_pkl = inception_pkl
        self.groups = JACKKNIFE_GROUPS if standard_error else 1
        if standard_error:
            self.result_names += ('standard_error', )
            whole_number(self, 'fake_nums with standard_error=True',
                         self.fake_nums, least=2 * JACKKNIFE_GROUPS)
        self._floor = floor
        if floor:
            self.result_names += ('floor', )
        if floor and inception_pkl is not None:
            raise ValueError(
                f'{self}: floor=True needs the real images, but '
                f'inception_pkl={inception_pkl!r} holds statistics of all of '
                'them. Remove one of the two.')
        self.selection = 'evenly spaced over the dataset'
        self._warned = False

    @property
    def images_per_distance(self) -> int:
        """How many generated images a distance is measured with."""
        return self.fake_nums

    def reference_request(self) -> ReferenceRequest | None:
        if self.reference is not None:
            return None
        return ReferenceRequest(str(self), self.network, self.real_nums,
                                self.real_key, self.seed,
                                self.sums_device)

    def part_requests(self) -> list[ReferenceRequest]:
        if not self._floor or self.parts:
            return []
        return [ReferenceRequest(str(self), self.network, self.real_nums,
                                 self.real_key, self.seed, self.sums_device,
                                 part=(index, 2)) for index in range(2)]

    def start(self, device: torch.device) -> None:
        super().start(device)
        if self.reference is not None or self.inception_pkl is None:
            return
        if Path(self.inception_pkl).is_file():
            self.reference = self._read_reference()
            self.selection = 'as in inception_pkl'
        else:
            print_log(
                f'{self}: there is no {self.inception_pkl}; computing the '
                'statistics of the val_dataloader instead.',
                logger='current',
                level=logging.WARNING)

    def _read_reference(self) -> Gaussian:
        statistics = read_statistics(self.inception_pkl)
        if len(statistics.mean) != self.network.dim:
            raise ValueError(
                f'{self}: {self.inception_pkl} holds statistics of '
                f'{len(statistics.mean)} features, but {self.network.name} '
                f'has {self.network.dim}. Make the file with this network, or '
                'remove inception_pkl.')
        ours = json.dumps(self.network.identity(), sort_keys=True)
        if statistics.network not in ('', ours):
            raise ValueError(
                f'{self}: {self.inception_pkl} was made with another feature '
                f'network: got {statistics.network}, expected {ours}. Make '
                'the file with this network, or remove inception_pkl.')
        return replace(statistics, sha256=file_hash(self.inception_pkl))

    def reset(self, device: torch.device | str) -> None:
        count = self.images_per_distance
        if count < self.network.dim and not self._warned:
            self._warned = True
            print_log(
                f'{self.prefix}: {count} fake features for '
                f'statistics of size {self.network.dim}; got fake_nums='
                f'{self.fake_nums}. The number is right but far from that of '
                f'many images. Use at least {self.network.dim}, the usual '
                'count is 50000.',
                logger='current',
                level=logging.WARNING)
        self._statistics = [FeatureStatistics(self.network.dim, device)
                            for _ in range(self.groups)]

    def process(self, batch: ImageBatch, take: int) -> None:
        features = batch.features(self.network)[:take]
        for group, statistics in enumerate(self._statistics):
            # Image i is in group i % G, whatever process makes it.
            first = (group - batch.start) % self.groups
            statistics.update(features[first::self.groups])

    def gather(self) -> None:
        self.fakes = [item.gather() for item in self._statistics]
        seen = sum(item.count for item in self.fakes)
        if seen != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {seen} generated images, expected '
                f'fake_nums={self.fake_nums}. Check that the model answers '
                'num_batches with as many images.')

    def compute(self) -> dict[str, float]:
        distances = gaussian_distance(join_statistics(self.fakes),
                                      self.reference)
        values = dict(zip(('fid', 'mean', 'cov'), distances))
        if 'standard_error' in self.result_names:
            values['standard_error'] = jackknife_error([
                gaussian_distance(join_statistics(
                    self.fakes[:group] + self.fakes[group + 1:]),
                    self.reference)[0]
                for group in range(self.groups)])
        if self._floor:
            values['floor'] = gaussian_distance(*self.parts)[0]
        return values

    def identity(self) -> dict:
        return dict(super().identity(), reference=self.reference_identity())

    def reference_identity(self) -> dict:
        """What the real images were."""
        return dict(images=self.reference.count,
                    selection=self.selection,
                    sha256=self.reference.sha256)

    def _checked_prefix(self, prefix: str | None,
                        network: FeatureNetwork) -> str | None:
        """A distance in other features must not be taken for FID."""
        if network.is_inception:
            return prefix
        head = f'{self.distance_prefix}{network.distance}'
        return prefix_with_features(self, prefix, head, network, 'FID')
