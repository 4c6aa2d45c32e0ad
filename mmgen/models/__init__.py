"""All public names of the models."""
from .base import (BaseConditionalGAN, BaseGAN, CosineRampEMA,
                   ExponentialMovingAverage, GANDataPreprocessor, RampUpEMA)
from .base.data_preprocessor import GANDataPreprocessor as GenDataPreprocessor
from .biggan import (BigGAN, BigGANDeepDiscResBlock, BigGANDeepDiscriminator,
                     BigGANDeepGenerator, BigGANDeepGenResBlock,
                     BigGANDiscResBlock, BigGANDiscriminator, BigGANGenerator,
                     BigGANGenResBlock)
from .dcgan import DCGAN, DCGANDiscriminator, DCGANGenerator
from .ggan import GGAN
from .layers import (ADAAug, BigGANConditionBN, CatersianGrid, DiffAugment,
                     EqualizedLRConvDownModule, EqualizedLRConvModule,
                     EqualizedLRConvUpModule, EqualizedLRLinearModule,
                     MiniBatchStddevLayer, PixelNorm, RampUpAug,
                     SelfAttentionBlock, SinusoidalPositionalEmbedding,
                     SNConditionNorm)
from .losses import (CLIPLoss, DiscShiftLoss, FaceIdLoss, GANLoss,
                     GeneratorPathRegularizer, GradientPenaltyLoss, L1Loss,
                     MSELoss, R1GradientPenalty, R2GradientPenalty,
                     disc_shift_loss, gen_path_regularizer,
                     gradient_penalty_loss, r1_gradient_penalty_loss,
                     r2_gradient_penalty_loss)
from .lsgan import LSGAN, LSGANDiscriminator, LSGANGenerator
from .mspie import (MSPIEStyleGAN2, MSStyleGAN2Discriminator,
                    MSStyleGANv2Generator)
from .pggan import (PGGANDiscriminator, PGGANGenerator, PGGANNoiseTo2DFeat,
                    ProgressiveGrowingGAN)
from .r3gan import R3GAN, R3GANDiscriminator, R3GANGenerator
from .sagan import SAGAN
from .sngan import (SNGAN, ProjDiscriminator, SNGANDiscHeadResBlock,
                    SNGANDiscResBlock, SNGANGenerator, SNGANGenResBlock)
from .stylegan1 import (StyleGAN1Discriminator, StyleGANv1,
                        StyleGANv1Generator)
from .stylegan2 import (ADAStyleGAN2Discriminator, StyleGAN2,
                        StyleGAN2Discriminator, StyleGANv2Generator)
from .stylegan3 import (MappingNetwork, StyleGAN3, StyleGANv3Generator,
                        SynthesisNetwork)
from .wgan_gp import (WGANGP, ConvLNModule, WGANGPDiscriminator,
                      WGANGPGenerator, WGANNoiseTo2DFeat)

__all__ = [
    'ADAAug', 'ADAStyleGAN2Discriminator', 'BaseConditionalGAN', 'BaseGAN',
    'BigGAN', 'BigGANConditionBN', 'BigGANDeepDiscResBlock',
    'BigGANDeepDiscriminator', 'BigGANDeepGenResBlock', 'BigGANDeepGenerator',
    'BigGANDiscResBlock', 'BigGANDiscriminator', 'BigGANGenResBlock',
    'BigGANGenerator', 'CLIPLoss', 'CatersianGrid', 'ConvLNModule',
    'CosineRampEMA', 'DCGAN', 'DCGANDiscriminator', 'DCGANGenerator',
    'DiffAugment', 'DiscShiftLoss', 'EqualizedLRConvDownModule',
    'EqualizedLRConvModule', 'EqualizedLRConvUpModule',
    'EqualizedLRLinearModule', 'ExponentialMovingAverage', 'FaceIdLoss',
    'GANDataPreprocessor', 'GANLoss', 'GGAN', 'GenDataPreprocessor',
    'GeneratorPathRegularizer', 'GradientPenaltyLoss', 'L1Loss', 'LSGAN',
    'LSGANDiscriminator', 'LSGANGenerator', 'MSELoss', 'MSPIEStyleGAN2',
    'MSStyleGAN2Discriminator', 'MSStyleGANv2Generator', 'MappingNetwork',
    'MiniBatchStddevLayer', 'PGGANDiscriminator', 'PGGANGenerator',
    'PGGANNoiseTo2DFeat', 'PixelNorm', 'ProgressiveGrowingGAN',
    'ProjDiscriminator', 'R1GradientPenalty', 'R2GradientPenalty', 'R3GAN',
    'R3GANDiscriminator', 'R3GANGenerator', 'RampUpAug', 'RampUpEMA', 'SAGAN',
    'SNConditionNorm', 'SNGAN', 'SNGANDiscHeadResBlock', 'SNGANDiscResBlock',
    'SNGANGenResBlock', 'SNGANGenerator', 'SelfAttentionBlock',
    'SinusoidalPositionalEmbedding', 'StyleGAN1Discriminator', 'StyleGAN2',
    'StyleGAN2Discriminator', 'StyleGAN3', 'StyleGANv1', 'StyleGANv1Generator',
    'StyleGANv2Generator', 'StyleGANv3Generator', 'SynthesisNetwork', 'WGANGP',
    'WGANGPDiscriminator', 'WGANGPGenerator', 'WGANNoiseTo2DFeat',
    'disc_shift_loss', 'gen_path_regularizer', 'gradient_penalty_loss',
    'r1_gradient_penalty_loss', 'r2_gradient_penalty_loss'
]
