"""Geometric GAN's losses.

Lim and Ye 2017, arXiv:1705.02894: D is a support vector machine on learned
features. It asks for a margin of 1 on both sides of its hyperplane (the hinge
loss), and G moves its images along the hyperplane's normal.
"""
from mmgen.models.base import BaseGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class GGAN(BaseGAN):
    """Geometric GAN; the arguments are those of `BaseGAN`.

    D minimises ``max(0, 1 + D(fake)) + max(0, 1 - D(real))``, G ``-D(fake)``.
    """

    gan_type = 'hinge'
