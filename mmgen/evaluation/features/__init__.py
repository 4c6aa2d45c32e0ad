"""Networks that describe images, and statistics of what they say."""
from .base import FeatureNetwork, ImageBatch, build_feature_network
from .efficientnet import EfficientNetLite0
from .inception import InceptionPyTorch, InceptionStyleGAN
from .statistics import FeatureStatistics, Gaussian, read_statistics

__all__ = [
    'EfficientNetLite0', 'FeatureNetwork', 'FeatureStatistics', 'Gaussian',
    'ImageBatch', 'InceptionPyTorch', 'InceptionStyleGAN',
    'build_feature_network', 'read_statistics'
]
