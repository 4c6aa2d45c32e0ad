"""Frechet distance of two Gaussians.

``|m_a - m_b|^2 + Tr(A + B - 2 sqrt(AB))`` (Dowson and Landau 1982).
"""
import numpy as np
import torch
from torch import Tensor

from mmgen.evaluation.features.statistics import Gaussian


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
