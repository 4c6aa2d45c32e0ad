"""Blocks of which the families' networks are made."""
from .activation import ACTIVATIONS, make_activation
from .conditional_norm import BigGANConditionBN
from .image_input import check_images
from .init import init_weights
from .noise_generator import NoiseGenerator, resolve_labels, resolve_noise
from .norm import make_norm
from .pretrained import load_pretrained
from .resample import make_upsample
from .self_attention import SelfAttentionBlock
from .spectral_norm import (LayerMaker, SNConv2d, SNEmbedding, SNLinear,
                            raw_weight)
from .sync_batch_norm import SyncBatchNorm, batch_norm

__all__ = [
    'ACTIVATIONS', 'BigGANConditionBN', 'LayerMaker', 'NoiseGenerator',
    'SNConv2d', 'SNEmbedding', 'SNLinear', 'SelfAttentionBlock',
    'SyncBatchNorm', 'batch_norm', 'check_images', 'init_weights',
    'load_pretrained', 'make_activation', 'make_norm', 'make_upsample',
    'raw_weight', 'resolve_labels', 'resolve_noise'
]
