"""All public names of the models."""
from .base import (BaseConditionalGAN, BaseGAN, ExponentialMovingAverage,
                   GANDataPreprocessor, RampUpEMA)
from .base.data_preprocessor import GANDataPreprocessor as GenDataPreprocessor
from .biggan import (BigGAN, BigGANDeepDiscResBlock, BigGANDeepDiscriminator,
                     BigGANDeepGenerator, BigGANDeepGenResBlock,
                     BigGANDiscResBlock, BigGANDiscriminator, BigGANGenerator,
                     BigGANGenResBlock)
from .dcgan import DCGAN, DCGANDiscriminator, DCGANGenerator
from .ggan import GGAN
from .layers import (BigGANConditionBN, DiffAugment, MiniBatchStddevLayer,
                     PixelNorm, SelfAttentionBlock, SNConditionNorm)
from .losses import (CLIPLoss, DiscShiftLoss, FaceIdLoss, GANLoss,
                     GradientPenaltyLoss, L1Loss, MSELoss, R1GradientPenalty,
                     disc_shift_loss, gradient_penalty_loss,
                     r1_gradient_penalty_loss)
from .lsgan import LSGAN, LSGANDiscriminator, LSGANGenerator
from .sagan import SAGAN
from .sngan import (SNGAN, ProjDiscriminator, SNGANDiscHeadResBlock,
                    SNGANDiscResBlock, SNGANGenerator, SNGANGenResBlock)
from .wgan_gp import (WGANGP, ConvLNModule, WGANGPDiscriminator,
                      WGANGPGenerator, WGANNoiseTo2DFeat)

__all__ = [
    'BaseConditionalGAN', 'BaseGAN', 'BigGAN', 'BigGANConditionBN',
    'BigGANDeepDiscResBlock', 'BigGANDeepDiscriminator',
    'BigGANDeepGenResBlock', 'BigGANDeepGenerator', 'BigGANDiscResBlock',
    'BigGANDiscriminator', 'BigGANGenResBlock', 'BigGANGenerator', 'CLIPLoss',
    'ConvLNModule', 'DCGAN', 'DCGANDiscriminator', 'DCGANGenerator',
    'DiffAugment', 'DiscShiftLoss', 'ExponentialMovingAverage', 'FaceIdLoss',
    'GANDataPreprocessor', 'GANLoss', 'GGAN', 'GenDataPreprocessor',
    'GradientPenaltyLoss', 'L1Loss', 'LSGAN', 'LSGANDiscriminator',
    'LSGANGenerator', 'MSELoss', 'MiniBatchStddevLayer', 'PixelNorm',
    'ProjDiscriminator', 'R1GradientPenalty', 'RampUpEMA', 'SAGAN',
    'SNConditionNorm', 'SNGAN', 'SNGANDiscHeadResBlock', 'SNGANDiscResBlock',
    'SNGANGenResBlock', 'SNGANGenerator', 'SelfAttentionBlock', 'WGANGP',
    'WGANGPDiscriminator', 'WGANGPGenerator', 'WGANNoiseTo2DFeat',
    'disc_shift_loss', 'gradient_penalty_loss', 'r1_gradient_penalty_loss'
]
