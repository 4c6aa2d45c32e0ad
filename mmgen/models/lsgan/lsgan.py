"""LSGAN's losses.

Mao et al. 2016, arXiv:1611.04076, equation 2: squares take the place of
logarithms. D moves generated images towards ``a`` and real ones towards
``b``; G moves its images to ``c``. Here a = 0 and b = c = 1, the 0-1 coding
that the paper proposes under "Parameters Selection". Difference from the
paper: no factor 1/2, as in MMGeneration 1.x.
"""
from torch import Tensor

from mmgen.models.base import BaseGAN
from mmgen.models.losses import gan_loss
from mmgen.registry import MODELS


@MODELS.register_module()
class LSGAN(BaseGAN):
    """Least squares GAN; the arguments are those of `BaseGAN`."""

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        """``D(fake)^2 + (D(real) - 1)^2``: a = 0, b = 1."""
        return dict(
            loss_disc_fake=gan_loss(fake_logits, 'lsgan', False, is_disc=True),
            loss_disc_real=gan_loss(real_logits, 'lsgan', True, is_disc=True))

    def gen_loss(self, fake_logits: Tensor) -> dict[str, Tensor]:
        """``(D(fake) - 1)^2``: c = 1."""
        return dict(loss_gen=gan_loss(fake_logits, 'lsgan', True))
