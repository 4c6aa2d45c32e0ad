"""All public names of the models."""
from .base import (BaseConditionalGAN, BaseGAN, ExponentialMovingAverage,
                   GANDataPreprocessor, RampUpEMA)
from .base.data_preprocessor import GANDataPreprocessor as GenDataPreprocessor
from .biggan import (BigGAN, BigGANDiscResBlock, BigGANDiscriminator, BigGANGenerator,
                     BigGANGenResBlock)
from .dcgan import DCGAN, DCGANDiscriminator, DCGANGenerator
from .ggan import GGAN
from .layers import BigGANConditionBN, SelfAttentionBlock
from .losses import (DiscShiftLoss, GANLoss, GradientPenaltyLoss, L1Loss,
                     MSELoss, R1GradientPenalty, disc_shift_loss,
                     gradient_penalty_loss, r1_gradient_penalty_loss)
from .lsgan import LSGAN

__all__ = [
    'BaseConditionalGAN', 'BaseGAN', 'BigGAN', 'BigGANConditionBN',
    'BigGANDiscResBlock', 'BigGANDiscriminator', 'BigGANGenResBlock',
    'BigGANGenerator', 'DCGAN', 'DCGANDiscriminator', 'DCGANGenerator',
    'DiscShiftLoss', 'ExponentialMovingAverage', 'GANDataPreprocessor',
    'GANLoss', 'GGAN', 'GenDataPreprocessor', 'GradientPenaltyLoss', 'L1Loss',
    'LSGAN', 'MSELoss', 'R1GradientPenalty', 'RampUpEMA', 'SelfAttentionBlock',
    'disc_shift_loss', 'gradient_penalty_loss', 'r1_gradient_penalty_loss'
]
