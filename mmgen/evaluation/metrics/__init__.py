"""The numbers, one file per metric."""
from mmgen.evaluation.frechet import frechet_distance

from .base import GenMetric
from .equivariance import Equivariance
from .fid import FrechetInceptionDistance
from .inception_score import InceptionScore, inception_score
from .intra_fid import IntraFID
from .kid import KernelInceptionDistance, kernel_distance
from .ms_ssim import MultiScaleStructureSimilarity, ms_ssim
from .ppl import PerceptualPathLength, slerp
from .precision_recall import PRDC, PrecisionAndRecall
from .swd import SlicedWassersteinDistance, sliced_wasserstein
from .translation import TransFID, TransIS

__all__ = [
    'Equivariance', 'FrechetInceptionDistance', 'GenMetric', 'InceptionScore',
    'IntraFID', 'KernelInceptionDistance', 'MultiScaleStructureSimilarity',
    'PRDC', 'PerceptualPathLength', 'PrecisionAndRecall',
    'SlicedWassersteinDistance', 'TransFID', 'TransIS', 'frechet_distance',
    'inception_score', 'kernel_distance', 'ms_ssim', 'slerp',
    'sliced_wasserstein'
]
