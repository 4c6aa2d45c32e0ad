"""Improved DDPM (Nichol and Dhariwal 2021, arXiv:2102.09672)."""
from .networks import (DenoisingDownsample, DenoisingResBlock, DenoisingUnet,
                       DenoisingUpsample, MultiHeadAttention,
                       NormWithEmbedding, TimeEmbedding)

__all__ = [
    'DenoisingDownsample', 'DenoisingResBlock', 'DenoisingUnet',
    'DenoisingUpsample', 'MultiHeadAttention', 'NormWithEmbedding',
    'TimeEmbedding'
]
