"""Blocks of which the families' networks are made."""
from .activation import ACTIVATIONS, make_activation
from .ada import ADAAug, AugmentPipe, RampUpAug
from .conditional_norm import BigGANConditionBN, SNConditionNorm
from .conv_layer import (check_conv_cfg, check_order, conv_layer,
                         named_parts)
from .diff_augment import DiffAugment
from .equalized_conv import (EqualizedLRConvDownModule, EqualizedLRConvModule,
                             EqualizedLRConvUpModule, EqualizedLRLinearModule)
from .equalized_lr import (EqualizedLRConv2d, EqualizedLRConvTranspose2d,
                           EqualizedLRLinear)
from .fir_filter import FIRFilter
from .image_buffer import GANImageBuffer
from .image_input import check_image_batch, check_images, check_labels
from .init import InitStyle, init_style, init_weights, init_with_gain
from .linear_act import EqualizedLRLinearAct
from .minibatch_stddev import MiniBatchStddevLayer
from .modulated_conv import ModulatedConv2d
from .noise_generator import NoiseGenerator, resolve_labels, resolve_noise
from .norm import make_norm
from .patch_discriminator import PatchDiscriminator
from .pixel_norm import PixelNorm
from .positional import CatersianGrid, SinusoidalPositionalEmbedding
from .pretrained import load_pretrained
from .projection import projection_logits
from .resample import count_doublings, make_upsample
from .self_attention import SelfAttentionBlock
from .spectral_norm import (LayerMaker, SNConv2d, SNEmbedding, SNLinear,
                            raw_weight)
from .style_inputs import NoiseInjection, StyleGenerator, mapping_network
from .sync_batch_norm import SyncBatchNorm, batch_norm

__all__ = [
    'ACTIVATIONS', 'ADAAug', 'AugmentPipe', 'BigGANConditionBN',
    'CatersianGrid', 'DiffAugment', 'EqualizedLRConv2d',
    'EqualizedLRConvDownModule', 'EqualizedLRConvModule',
    'EqualizedLRConvTranspose2d', 'EqualizedLRConvUpModule',
    'EqualizedLRLinear', 'EqualizedLRLinearAct', 'EqualizedLRLinearModule',
    'FIRFilter', 'GANImageBuffer', 'InitStyle', 'LayerMaker',
    'MiniBatchStddevLayer', 'ModulatedConv2d', 'NoiseGenerator',
    'NoiseInjection', 'PatchDiscriminator', 'PixelNorm', 'RampUpAug',
    'SNConditionNorm', 'SNConv2d', 'SNEmbedding', 'SNLinear',
    'SelfAttentionBlock', 'SinusoidalPositionalEmbedding', 'StyleGenerator',
    'SyncBatchNorm', 'batch_norm', 'check_conv_cfg', 'check_image_batch',
    'check_images', 'check_labels', 'check_order', 'conv_layer',
    'count_doublings', 'init_style', 'init_weights', 'init_with_gain',
    'load_pretrained', 'make_activation', 'make_norm', 'make_upsample',
    'mapping_network', 'named_parts', 'projection_logits', 'raw_weight',
    'resolve_labels', 'resolve_noise'
]
