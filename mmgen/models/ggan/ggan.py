"""Geometric GAN's losses.

Lim and Ye 2017, arXiv:1705.02894: D is a support vector machine on learned
features. It asks for a margin of 1 on both sides of its hyperplane (the hinge
loss), and G moves its images along the hyperplane's normal.
"""
from torch import Tensor

from mmgen.models.base import BaseGAN
from mmgen.models.losses import gan_loss
from mmgen.registry import MODELS


@MODELS.register_module()
class GGAN(BaseGAN):
    """Geometric GAN; the arguments are those of `BaseGAN`."""

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        """``max(0, 1 + D(fake)) + max(0, 1 - D(real))``."""
        return dict(
            loss_disc_fake=gan_loss(fake_logits, 'hinge', False, is_disc=True),
            loss_disc_real=gan_loss(real_logits, 'hinge', True, is_disc=True))

    def gen_loss(self, fake_logits: Tensor) -> dict[str, Tensor]:
        """``-D(fake)``."""
        return dict(loss_gen=gan_loss(fake_logits, 'hinge', True))
