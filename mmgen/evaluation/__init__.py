"""What the images of a model are worth, in numbers."""
from .evaluator import GenEvaluator, build_evaluator
from .features import EfficientNetLite0, FeatureNetwork
from .identity import compare_results
from .metrics import (FrechetInceptionDistance, GenMetric, InceptionScore,
                      TransFID, TransIS, frechet_distance, inception_score)

__all__ = [
    'EfficientNetLite0', 'FeatureNetwork', 'FrechetInceptionDistance',
    'GenEvaluator', 'GenMetric', 'InceptionScore', 'TransFID', 'TransIS',
    'build_evaluator', 'compare_results', 'frechet_distance', 'inception_score'
]
