"""PGGAN's losses.

Karras, Aila, Laine and Lehtinen 2017, arXiv:1710.10196, appendix A.1: those of
WGAN-GP, and a pull of D's answers for real images towards 0, since nothing
else holds them.
"""
from functools import partial

from torch import Tensor

from mmgen.models.base import DiscBatch
from mmgen.models.losses import disc_shift_loss, gradient_penalty_loss
from mmgen.models.pggan.growing import GrowingGAN
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap

GRADIENT_WEIGHT = 10.0
DRIFT_WEIGHT = 0.001


@MODELS.register_module(name=['ProgressiveGrowingGAN', 'PGGAN'])
class ProgressiveGrowingGAN(GrowingGAN):
    """PGGAN; the arguments are those of `GrowingGAN`.

    D minimises ``D(fake) - D(real) + 10 (|grad D(x)| - 1)^2
    + 0.001 D(real)^2`` with ``x`` between a fake and a real image, G
    ``-D(fake)``.
    """

    gan_type = 'wgan'

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        drift = disc_shift_loss(real_logits, weight=DRIFT_WEIGHT)
        return dict(
            super().disc_loss(fake_logits, real_logits),
            loss_disc_shift=drift)

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """The gradient penalty.

        D is called without its distributed wrapper, see `WGANGP`.
        """
        return dict(
            loss_gp=gradient_penalty_loss(
                partial(unwrap(self.discriminator), **batch.real_conditions),
                batch.real_imgs,
                batch.fake_imgs,
                norm_mode='HWC',
                weight=GRADIENT_WEIGHT))
