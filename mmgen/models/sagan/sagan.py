"""SAGAN: SNGAN with attention and spectral norm in both networks.

Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318. The losses are the
same hinge (equation 4); networks and attention are settings of
`SNGANGenerator` and `ProjDiscriminator`, and the two learning rates (section
4.2) stand in the configs.
"""
from mmgen.models.sngan import SNGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class SAGAN(SNGAN):
    """Self-attention GAN; the arguments are those of `SNGAN`."""
