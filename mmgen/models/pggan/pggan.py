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


@MODELS.register_module(name=['ProgressiveGrowingGAN', 'PGGAN'])
class ProgressiveGrowingGAN(GrowingGAN):
    """PGGAN; the arguments are those of `GrowingGAN`.

    By default D minimises ``D(fake) - D(real) + 10 (|grad D(x)| - 1)^2
    + 0.001 D(real)^2`` with ``x`` between a fake and a real image, G
    ``-D(fake)``. In ``loss_config``, ``gp_loss_weight`` is the 10,
    ``real_shift_weight`` the 0.001, and ``fake_shift_weight`` the same for
    ``D(fake)``.
    """

    gan_type = 'wgan'
    weights = dict(gp_loss_weight=10.0, real_shift_weight=0.001,
                   fake_shift_weight=0.0)

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        drift = disc_shift_loss(
            real_logits, weight=self.loss_config['real_shift_weight'])
        if self.loss_config['fake_shift_weight']:
            drift = drift + disc_shift_loss(
                fake_logits, weight=self.loss_config['fake_shift_weight'])
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
                weight=self.loss_config['gp_loss_weight']))
