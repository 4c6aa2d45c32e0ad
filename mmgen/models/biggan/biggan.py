"""BigGAN's losses: the hinge (Brock et al. 2018, arXiv:1809.11096, section 3)."""
from torch import Tensor

from mmgen.models.base import BaseConditionalGAN
from mmgen.models.losses import gan_loss
from mmgen.registry import MODELS


@MODELS.register_module()
class BigGAN(BaseConditionalGAN):
    """BigGAN; the arguments are those of `BaseConditionalGAN`."""

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        """``max(0, 1 + D(fake)) + max(0, 1 - D(real))``."""
        return dict(
            loss_disc_fake=gan_loss(fake_logits, 'hinge', False, is_disc=True),
            loss_disc_real=gan_loss(real_logits, 'hinge', True, is_disc=True))

    def gen_loss(self, fake_logits: Tensor) -> dict[str, Tensor]:
        """``-D(fake)``."""
        return dict(loss_gen=gan_loss(fake_logits, 'hinge', True))
