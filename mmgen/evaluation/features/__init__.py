"""Networks that describe images, and statistics of what they say."""
from .base import FeatureNetwork, ImageBatch, build_feature_network
from .efficientnet import EfficientNetLite0
from .inception import InceptionPyTorch, InceptionStyleGAN
from .lpips import LPIPS, LPIPSStyleGAN, PerceptualDistance
from .scripted import CLIP, DINOv2, TorchScriptFeatures
from .statistics import FeatureStatistics, Gaussian, read_statistics
from .vgg import VGG16PyTorch, VGG16StyleGAN

__all__ = [
    'CLIP', 'DINOv2', 'EfficientNetLite0', 'FeatureNetwork',
    'FeatureStatistics', 'Gaussian', 'ImageBatch', 'InceptionPyTorch',
    'InceptionStyleGAN', 'LPIPS', 'LPIPSStyleGAN', 'PerceptualDistance',
    'TorchScriptFeatures', 'VGG16PyTorch', 'VGG16StyleGAN',
    'build_feature_network', 'read_statistics'
]
