"""DCGAN's losses.

Radford, Metz and Chintala 2015, arXiv:1511.06434: the networks are new, the
losses are the original GAN's (Goodfellow et al. 2014, arXiv:1406.2661) with
the non-saturating form for the generator (section 3 there).
"""
from mmgen.models.base import BaseGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class DCGAN(BaseGAN):
    """Deep convolutional GAN; the arguments are those of `BaseGAN`.

    D minimises ``-log(1 - D(fake)) - log D(real)``, G ``-log D(fake)``.
    """

    gan_type = 'vanilla'
