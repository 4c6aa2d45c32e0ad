"""The common step, sampling, averaging and preprocessing of all families."""
from mmgen.models.base.conditional_gan import BaseConditionalGAN
from mmgen.models.base.data_preprocessor import GANDataPreprocessor
from mmgen.models.base.ema import (CosineRampEMA, ExponentialMovingAverage,
                                   RampUpEMA)
from mmgen.models.base.gan import BaseGAN, DiscBatch, GenBatch

__all__ = [
    'BaseConditionalGAN', 'BaseGAN', 'CosineRampEMA', 'DiscBatch',
    'ExponentialMovingAverage', 'GANDataPreprocessor', 'GenBatch', 'RampUpEMA'
]
