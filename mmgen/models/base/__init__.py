"""The common step, sampling, averaging and preprocessing of all families."""
from mmgen.models.base.conditional_gan import BaseConditionalGAN
from mmgen.models.base.data_preprocessor import GANDataPreprocessor
from mmgen.models.base.diffusion import BasicGaussianDiffusion
from mmgen.models.base.diffusion_process import DiffusionProcess
from mmgen.models.base.ema import (CosineRampEMA, ExponentialMovingAverage,
                                   RampUpEMA)
from mmgen.models.base.gan import BaseGAN, DiscBatch, GenBatch
from mmgen.models.base.timestep_sampler import UniformTimeStepSampler
from mmgen.models.base.translation import (BaseTranslationModel,
                                           StaticTranslationGAN)

__all__ = [
    'BaseConditionalGAN', 'BaseGAN', 'BaseTranslationModel',
    'BasicGaussianDiffusion', 'CosineRampEMA', 'DiffusionProcess', 'DiscBatch',
    'ExponentialMovingAverage', 'GANDataPreprocessor', 'GenBatch', 'RampUpEMA',
    'StaticTranslationGAN', 'UniformTimeStepSampler'
]
