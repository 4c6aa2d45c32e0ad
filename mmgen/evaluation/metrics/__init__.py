"""The numbers, one file per metric."""
from .base import GenMetric
from .fid import FrechetInceptionDistance, frechet_distance
from .inception_score import InceptionScore, inception_score
from .translation import TransFID, TransIS

__all__ = [
    'FrechetInceptionDistance', 'GenMetric', 'InceptionScore', 'TransFID',
    'TransIS', 'frechet_distance', 'inception_score'
]
