"""What the images of a model are worth, in numbers."""
from .evaluator import GenEvaluator, build_evaluator
from .features import EfficientNetLite0, FeatureNetwork
from .identity import compare_results, difference_errors
from .metrics import (PRDC, Equivariance, FrechetInceptionDistance, GenMetric,
                      InceptionScore, IntraFID, KernelInceptionDistance,
                      MultiScaleStructureSimilarity, PerceptualPathLength,
                      PrecisionAndRecall, SlicedWassersteinDistance, TransFID,
                      TransIS, frechet_distance, inception_score, slerp)
from .standalone import evaluate_images, measure_images

__all__ = [
    'EfficientNetLite0', 'Equivariance', 'FeatureNetwork',
    'FrechetInceptionDistance', 'GenEvaluator', 'GenMetric', 'InceptionScore',
    'IntraFID', 'KernelInceptionDistance', 'MultiScaleStructureSimilarity',
    'PRDC', 'PerceptualPathLength', 'PrecisionAndRecall',
    'SlicedWassersteinDistance', 'TransFID', 'TransIS', 'build_evaluator',
    'compare_results', 'difference_errors', 'evaluate_images',
    'frechet_distance', 'inception_score', 'measure_images', 'slerp'
]
