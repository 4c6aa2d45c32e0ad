"""All public names of the models."""
from .base import (BaseConditionalGAN, BaseGAN, BaseTranslationModel,
                   BasicGaussianDiffusion, CosineRampEMA,
                   ExponentialMovingAverage, GANDataPreprocessor, RampUpEMA,
                   StaticTranslationGAN, UniformTimeStepSampler)
from .base.data_preprocessor import GANDataPreprocessor as GenDataPreprocessor
from .biggan import (BigGAN, BigGANDeepDiscResBlock, BigGANDeepDiscriminator,
                     BigGANDeepGenerator, BigGANDeepGenResBlock,
                     BigGANDiscResBlock, BigGANDiscriminator, BigGANGenerator,
                     BigGANGenResBlock)
from .cyclegan import CycleGAN, ResnetGenerator
from .dcgan import DCGAN, DCGANDiscriminator, DCGANGenerator
from .ddpm import DenoisingUnet
from .ggan import GGAN
from .layers import (ADAAug, BigGANConditionBN, CatersianGrid, DiffAugment,
                     EqualizedLRConvDownModule, EqualizedLRConvModule,
                     EqualizedLRConvUpModule, EqualizedLRLinearModule,
                     GANImageBuffer, MiniBatchStddevLayer, PatchDiscriminator,
                     PixelNorm, RampUpAug,
                     SelfAttentionBlock, SinusoidalPositionalEmbedding,
                     SNConditionNorm)
from .losses import (CLIPLoss, DDPMMSELoss, DDPMVLBLoss,
                     DiscretizedGaussianLogLikelihoodLoss, DiscShiftLoss,
                     FaceIdLoss, GANLoss, GaussianKLDLoss,
                     GeneratorPathRegularizer, GradientPenaltyLoss, L1Loss,
                     MSELoss, R1GradientPenalty, R2GradientPenalty,
                     disc_shift_loss, discretized_gaussian_log_likelihood,
                     gaussian_kld, gen_path_regularizer,
                     gradient_penalty_loss, r1_gradient_penalty_loss,
                     r2_gradient_penalty_loss)
from .lsgan import LSGAN, LSGANDiscriminator, LSGANGenerator
from .mspie import (MSPIEStyleGAN2, MSStyleGAN2Discriminator,
                    MSStyleGANv2Generator)
from .pggan import (PGGANDiscriminator, PGGANGenerator, PGGANNoiseTo2DFeat,
                    ProgressiveGrowingGAN)
from .pix2pix import Pix2Pix, UnetGenerator
from .r3gan import R3GAN, R3GANDiscriminator, R3GANGenerator
from .sagan import SAGAN
from .singan import (PESinGAN, SinGAN, SinGANMSGeneratorPE,
                     SinGANMultiScaleDiscriminator, SinGANMultiScaleGenerator)
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
    'BaseTranslationModel', 'BasicGaussianDiffusion', 'BigGAN',
    'BigGANConditionBN', 'BigGANDeepDiscResBlock', 'BigGANDeepDiscriminator',
    'BigGANDeepGenResBlock', 'BigGANDeepGenerator', 'BigGANDiscResBlock',
    'BigGANDiscriminator', 'BigGANGenResBlock', 'BigGANGenerator', 'CLIPLoss',
    'CatersianGrid', 'ConvLNModule', 'CosineRampEMA', 'CycleGAN', 'DCGAN',
    'DCGANDiscriminator', 'DCGANGenerator', 'DDPMMSELoss', 'DDPMVLBLoss',
    'DenoisingUnet', 'DiffAugment', 'DiscShiftLoss',
    'DiscretizedGaussianLogLikelihoodLoss', 'EqualizedLRConvDownModule',
    'EqualizedLRConvModule', 'EqualizedLRConvUpModule',
    'EqualizedLRLinearModule', 'ExponentialMovingAverage', 'FaceIdLoss',
    'GANDataPreprocessor', 'GANImageBuffer', 'GANLoss', 'GGAN',
    'GaussianKLDLoss', 'GenDataPreprocessor', 'GeneratorPathRegularizer',
    'GradientPenaltyLoss', 'L1Loss', 'LSGAN', 'LSGANDiscriminator',
    'LSGANGenerator', 'MSELoss', 'MSPIEStyleGAN2', 'MSStyleGAN2Discriminator',
    'MSStyleGANv2Generator', 'MappingNetwork', 'MiniBatchStddevLayer',
    'PESinGAN', 'PGGANDiscriminator', 'PGGANGenerator', 'PGGANNoiseTo2DFeat',
    'PatchDiscriminator', 'Pix2Pix', 'PixelNorm', 'ProgressiveGrowingGAN',
    'ProjDiscriminator', 'R1GradientPenalty', 'R2GradientPenalty', 'R3GAN',
    'R3GANDiscriminator', 'R3GANGenerator', 'RampUpAug', 'RampUpEMA',
    'ResnetGenerator', 'SAGAN', 'SNConditionNorm', 'SNGAN',
    'SNGANDiscHeadResBlock', 'SNGANDiscResBlock', 'SNGANGenResBlock',
    'SNGANGenerator', 'SelfAttentionBlock', 'SinGAN', 'SinGANMSGeneratorPE',
    'SinGANMultiScaleDiscriminator', 'SinGANMultiScaleGenerator',
    'SinusoidalPositionalEmbedding', 'StaticTranslationGAN',
    'StyleGAN1Discriminator', 'StyleGAN2', 'StyleGAN2Discriminator',
    'StyleGAN3', 'StyleGANv1', 'StyleGANv1Generator', 'StyleGANv2Generator',
    'StyleGANv3Generator', 'SynthesisNetwork', 'UnetGenerator',
    'UniformTimeStepSampler', 'WGANGP', 'WGANGPDiscriminator',
    'WGANGPGenerator', 'WGANNoiseTo2DFeat', 'disc_shift_loss',
    'discretized_gaussian_log_likelihood', 'gaussian_kld',
    'gen_path_regularizer', 'gradient_penalty_loss',
    'r1_gradient_penalty_loss', 'r2_gradient_penalty_loss'
]
