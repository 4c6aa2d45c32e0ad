"""Frechet distance of two sets of images.

Heusel et al. 2017, arXiv:1706.08500, equation 6: features of both sets are
taken for Gaussians; the distance is ``|m_a - m_b|^2 + Tr(A + B - 2 sqrt(AB))``
(Dowson and Landau 1982).
"""
import logging
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
from mmgen.evaluation.metrics.base import GenMetric, whole_number
from mmgen.evaluation.reference import ReferenceRequest
from mmgen.registry import METRICS
from mmgen.utils.file_hash import file_hash


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
            registry ``FEATURES``. The results are then called ``FID-`` and
            the network's name, and ``prefix`` may only lengthen that.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
    """

    default_prefix = 'FID'
    result_names = ('fid', 'mean', 'cov')

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
                 seed: int = 0) -> None:
        network = build_inception(self, inception_style, inception_path) \
            if feature is None else build_feature_network(feature)
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device,
                         _checked_prefix(prefix, network))
        self.network = network
        self.real_nums = -1 if real_nums == -1 else whole_number(
            self, 'real_nums', real_nums, least=2)
        self.real_key = real_key
        self.inception_pkl = inception_pkl
        self._selection = 'evenly spaced over the dataset'
        self._warned = False

    def reference_request(self) -> ReferenceRequest | None:
        if self.reference is not None:
            return None
        return ReferenceRequest(str(self), self.network, self.real_nums,
                                self.real_key, self.seed,
                                self.sums_device)

    def start(self, device: torch.device) -> None:
        super().start(device)
        if self.reference is not None or self.inception_pkl is None:
            return
        if Path(self.inception_pkl).is_file():
            self.reference = self._read_reference()
            self._selection = 'as in inception_pkl'
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
        return replace(statistics, sha256=file_hash(self.inception_pkl))

    def reset(self, device: torch.device | str) -> None:
        if self.fake_nums < self.network.dim and not self._warned:
            self._warned = True
            print_log(
                f'{self.prefix}: {self.fake_nums} fake features for '
                f'statistics of size {self.network.dim}; got fake_nums='
                f'{self.fake_nums}. The number is right but far from that of '
                f'many images. Use at least {self.network.dim}, the usual '
                'count is 50000.',
                logger='current',
                level=logging.WARNING)
        self._statistics = FeatureStatistics(self.network.dim, device)

    def process(self, batch: ImageBatch, take: int) -> None:
        self._statistics.update(batch.features(self.network)[:take])

    def gather(self) -> None:
        self._fake = self._statistics.gather()
        if self._fake.count != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {self._fake.count} generated images, expected '
                f'fake_nums={self.fake_nums}. Check that the model answers '
                'num_batches with as many images.')

    def compute(self) -> dict[str, float]:
        values = frechet_distance(self._fake.mean, self._fake.cov,
                                  self.reference.mean, self.reference.cov)
        return dict(zip(self.result_names, values))

    def identity(self) -> dict:
        return dict(
            super().identity(),
            reference=dict(images=self.reference.count,
                           selection=self._selection,
                           sha256=self.reference.sha256))


def _checked_prefix(prefix: str | None, network: FeatureNetwork) -> str | None:
    """A distance in other features must not be taken for FID."""
    if network.is_inception:
        return prefix
    required = f'FID-{network.name}'
    if prefix is not None and not prefix.startswith(required):
        raise ValueError(
            f'FrechetInceptionDistance: prefix={prefix!r} with features of '
            f'{network.name}, expected one that starts with {required!r}: '
            'such a number does not compare with FID.')
    return prefix or required
