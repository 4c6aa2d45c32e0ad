"""DCGAN's losses.

Radford, Metz and Chintala 2015, arXiv:1511.06434: the networks are new, the
losses are the original GAN's (Goodfellow et al. 2014, arXiv:1406.2661) with
the non-saturating form for the generator (section 3 there).
"""
from torch import Tensor

from mmgen.models.base import BaseGAN
from mmgen.models.losses import gan_loss
from mmgen.registry import MODELS


@MODELS.register_module()
class DCGAN(BaseGAN):
    """Deep convolutional GAN; the arguments are those of `BaseGAN`."""

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        """``-log(1 - D(fake)) - log D(real)``."""
        return dict(
            loss_disc_fake=gan_loss(
                fake_logits, 'vanilla', False, is_disc=True),
            loss_disc_real=gan_loss(
                real_logits, 'vanilla', True, is_disc=True))

    def gen_loss(self, fake_logits: Tensor) -> dict[str, Tensor]:
        """``-log D(fake)``."""
        return dict(loss_gen=gan_loss(fake_logits, 'vanilla', True))
