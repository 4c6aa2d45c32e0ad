"""Blocks of which the families' networks are made."""
from .activation import ACTIVATIONS, make_activation
from .conditional_norm import BigGANConditionBN, SNConditionNorm
from .conv_layer import (check_conv_cfg, check_order, conv_layer,
                         named_parts)
from .diff_augment import DiffAugment
from .equalized_lr import (EqualizedLRConv2d, EqualizedLRConvTranspose2d,
                           EqualizedLRLinear)
from .image_input import check_images, check_labels
from .init import InitStyle, init_style, init_weights
from .minibatch_stddev import MiniBatchStddevLayer
from .noise_generator import NoiseGenerator, resolve_labels, resolve_noise
from .norm import make_norm
from .pixel_norm import PixelNorm
from .pretrained import load_pretrained
from .resample import count_doublings, make_upsample
from .self_attention import SelfAttentionBlock
from .spectral_norm import (LayerMaker, SNConv2d, SNEmbedding, SNLinear,
                            raw_weight)
from .sync_batch_norm import SyncBatchNorm, batch_norm

__all__ = [
    'ACTIVATIONS', 'BigGANConditionBN', 'DiffAugment', 'EqualizedLRConv2d',
    'EqualizedLRConvTranspose2d', 'EqualizedLRLinear', 'InitStyle',
    'LayerMaker', 'MiniBatchStddevLayer', 'NoiseGenerator', 'PixelNorm',
    'SNConditionNorm', 'SNConv2d', 'SNEmbedding', 'SNLinear',
    'SelfAttentionBlock', 'SyncBatchNorm', 'batch_norm', 'check_conv_cfg',
    'check_images', 'check_labels', 'check_order', 'conv_layer',
    'count_doublings', 'init_style', 'init_weights', 'load_pretrained',
    'make_activation', 'make_norm', 'make_upsample', 'named_parts',
    'raw_weight', 'resolve_labels', 'resolve_noise'
]
