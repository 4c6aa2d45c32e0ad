"""Kernel distance of two sets of images.

Binkowski et al. 2018, arXiv:1801.01401, "Kernel Inception Distance": the
squared maximum mean discrepancy of the features under the kernel
``k(x, y) = (x.y / P + 1)^3``, estimated without bias on subsets of the images.
"""
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.evaluation.features import FeatureNetwork, build_feature_network
from mmgen.evaluation.features.inception import build_inception
from mmgen.evaluation.metrics.base import whole_number
from mmgen.evaluation.metrics.feature_sets import FeatureSetMetric
from mmgen.evaluation.standard_error import (JACKKNIFE_GROUPS, group_of,
                                             jackknife_error)
from mmgen.registry import METRICS

# Rows of a kernel matrix that are made at a time.
ROWS_AT_ONCE = 256


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """The first of `kernel_distances_without`."""
    return kernel_distances_without(a, b, a.new_zeros(len(a), 0))[0]


def kernel_distances_without(a: Tensor, b: Tensor,
                             groups: Tensor) -> list[float]:
    """Squared maximum mean discrepancy of two sets, without bias.

    Args:
        a: Features, ``[M, P]``.
        b: Features, ``[N, P]``.
        groups: Which of ``a`` is in which group, one-hot ``[M, G]``.

    Returns:
        That of all, and those with each group of ``a`` left out:
        ``sum_{i != j} k(a_i, a_j) / (M (M - 1))
        + sum_{i != j} k(b_i, b_j) / (N (N - 1))
        - 2 sum_{i, j} k(a_i, b_j) / (M N)``, in float64. Its expectation is 0
        for two samples of one distribution, so it is often negative.

    Source: Gretton et al. 2012, "A kernel two-sample test", lemma 6.
    """
    a, b = a.double(), b.double()
    # Who is left: all, or all but one group.
    left = 1 - torch.cat([groups.new_zeros(len(a), 1), groups], dim=1).double()
    between = sum(left[start:start + ROWS_AT_ONCE].T
                  @ _kernel(a[start:start + ROWS_AT_ONCE], b).sum(dim=1)
                  for start in range(0, len(a), ROWS_AT_ONCE))
    counts = left.sum(dim=0)
    within_b = _sum_of_pairs(b, b.new_ones(len(b), 1))
    return (_sum_of_pairs(a, left) / (counts * (counts - 1))
            + within_b / (len(b) * (len(b) - 1))
            - 2 * between / (counts * len(b))).tolist()


def _sum_of_pairs(x: Tensor, left: Tensor) -> Tensor:
    """``sum_{i != j} l_i l_j k(x_i, x_j)`` for each column ``l``; the kernel
    is symmetric, so half of it is enough.

    Args:
        x: Features, float64 ``[N, P]``.
        left: 0 or 1, float64 ``[N, S]``.

    Returns:
        ``[S]``.
    """
    total = left.new_zeros(left.shape[1])
    for start in range(0, len(x), ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, len(x))
        kernel = _kernel(x[start:stop], x[start:])
        own = kernel[:, :stop - start].fill_diagonal_(0)
        sums = own @ left[start:stop] + 2 * (
            kernel[:, stop - start:] @ left[stop:])
        total += (left[start:stop] * sums).sum(dim=0)
    return total


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """``k(a_i, b_j)``, ``[M, N]``."""
    root = a @ b.T / a.shape[1] + 1
    return root * root * root


def kernel_distances(fake: Tensor, real: Tensor, subsets: int,
                     subset_size: int, seed: int) -> np.ndarray:
    """`kernel_distance` of random subsets, ``[S]``.

    Args as `subset_distances`'.
    """
    nothing = fake.new_zeros(len(fake), 0)
    return subset_distances(fake, real, nothing, subsets, subset_size,
                            seed)[:, 0]


def subset_distances(fake: Tensor, real: Tensor, groups: Tensor, subsets: int,
                     subset_size: int, seed: int) -> np.ndarray:
    """`kernel_distances_without` of random subsets.

    Args:
        fake: Features, ``[M, P]``.
        real: Features, ``[N, P]``.
        groups: Of ``fake``, one-hot ``[M, G]``.
        subsets: Number ``S`` of pairs of subsets.
        subset_size: Images of a subset, each drawn once.
        seed: Of the choice, which depends on nothing else.

    Returns:
        ``[S, 1 + G]``.
    """
    rng = np.random.default_rng(seed)

    def choose(rows: Tensor) -> Tensor:
        chosen = rng.choice(len(rows), subset_size, replace=False)
        return torch.from_numpy(chosen).to(rows.device)

    found = []
    for _ in range(subsets):
        ours, theirs = choose(fake), choose(real)
        found.append(kernel_distances_without(
            fake[ours], real[theirs], groups[ours]))
    return np.array(found)


@METRICS.register_module(name=['KernelInceptionDistance', 'KID'])
class KernelInceptionDistance(FeatureSetMetric):
    """KID, or the kernel distance in the features of another network.

    Reported are the mean over the subsets, which does not depend on the
    number of images as FID does, and their standard deviation (with N). That
    is how far a single subset strays. Beside the mean is its standard error,
    how far it strays with other generated images: the jackknife over
    ``JACKKNIFE_GROUPS`` of them, left out of all subsets. The deviation
    divided by ``sqrt(subsets)`` is none, for the subsets share images.

    Args:
        fake_nums: Number of generated images.
        real_nums: Number of real images, evenly spaced over the dataset; -1
            for all.
        subsets: Number of pairs of subsets.
        subset_size: Images in a subset.
        inception_style: ``'StyleGAN'`` or ``'PyTorch'``, as for FID.
        inception_path: Local weights file; else the cache, else a download.
        fake_key: Name of the image in the model's data samples.
        real_key: Name of the image in a batch of real images.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where all features are kept
            and the kernel is computed.
        prefix: First part of the result keys.
        feature: Another network than Inception: a name or config of the
            registry ``FEATURES``. The results are then called ``KID-`` and
            the network's name, and ``prefix`` may only lengthen that.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images and of the choice of subsets.
        resize: ``'legacy'`` or ``'clean'``, as for FID.
        auto_save: Keep the features of the real images in the cache.
        standard_error: Whether to measure the standard error; None: where
            subsets have at least two images of each group.
    """

    default_prefix = 'KID'
    result_names = ('kid', 'kid_std')

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 subsets: int = 100,
                 subset_size: int = 1000,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'orig',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 resize: str = 'legacy',
                 auto_save: bool = True,
                 standard_error: bool | None = None) -> None:
        if feature is not None and resize != 'legacy':
            raise ValueError(
                f'{self}: resize={resize!r} together with feature, expected '
                'one of the two. Set resize in the config of the feature.')
        network = build_inception(
            self, inception_style, inception_path, resize) \
            if feature is None else build_feature_network(feature)
        self.subsets = whole_number(self, 'subsets', subsets, least=1)
        self.subset_size = whole_number(self, 'subset_size', subset_size,
                                        least=2)
        for name, images in dict(fake_nums=fake_nums,
                                 real_nums=real_nums).items():
            if 0 <= images < self.subset_size:
                raise ValueError(
                    f'{self}: {name}={images} images for subsets of '
                    f'subset_size={self.subset_size}, expected at least as '
                    'many. Use more images or smaller subsets.')
        super().__init__(
            fake_nums, real_nums, network, network.is_inception,
            self.subset_size, fake_key, real_key, sample_model, sample_kwargs,
            seed, collect_device, prefix, auto_save)
        least = 2 * JACKKNIFE_GROUPS
        if standard_error:
            whole_number(self, 'subset_size with standard_error=True',
                         subset_size, least)
        self.standard_error = self.subset_size >= least \
            if standard_error is None else standard_error

    def compute(self) -> dict[str, float]:
        fake, real = self._fake.rows, self.reference.rows
        groups = F.one_hot(group_of(len(fake), fake.device)) \
            if self.standard_error else fake.new_zeros(len(fake), 0)
        values = subset_distances(fake, real, groups, self.subsets,
                                  self.subset_size, self.seed)
        self._left_out = values[:, 1:].mean(axis=0)
        kid = values[:, 0]
        return dict(kid=float(kid.mean()), kid_std=float(kid.std()))

    def beside(self) -> dict[str, dict[str, float]]:
        return dict(kid=dict(standard_error=jackknife_error(self._left_out))) \
            if self.standard_error else {}

    def identity(self) -> dict:
        return dict(super().identity(), subsets=self.subsets,
                    subset_size=self.subset_size)
