"""StyleGAN's training: it grows as PGGAN does, with other losses.

Karras, Laine and Aila 2018, arXiv:1812.04948, section 3.1 (mixing of styles)
and appendix C.
"""
from functools import partial
from typing import Any

from torch import Tensor, nn

from mmgen.models.base import DiscBatch
from mmgen.models.losses import r1_gradient_penalty_loss
from mmgen.models.pggan.growing import GrowingGAN
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap


@MODELS.register_module(name=['StyleGANv1', 'StyleGANV1'])
class StyleGANv1(GrowingGAN):
    """StyleGAN.

    By default D minimises ``softplus(D(fake)) + softplus(-D(real))
    + 5 |grad D(real)|^2``, G ``softplus(-D(fake))``. In ``loss_config``,
    ``r1_loss_weight`` is the 5, half of the paper's gamma.

    Args:
        style_channels: Size of noise and styles, for a generator whose config
            does not say it.

    The other arguments are those of `GrowingGAN`.
    """

    gan_type = 'wgan-logistic-ns'
    weights = dict(r1_loss_weight=5.0)

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 style_channels: int = 512,
                 nkimgs_per_scale: dict[int | str, float] = {},
                 interp_real: dict | None = None,
                 transition_kimgs: float = 600,
                 prev_stage: int = 0,
                 ema_config: dict | None = None,
                 disc_augment: nn.Module | dict | None = None,
                 loss_config: dict | None = None) -> None:
        if isinstance(generator, dict):
            generator = {'style_channels': style_channels, **generator}
        super().__init__(
            generator,
            discriminator,
            data_preprocessor,
            nkimgs_per_scale,
            interp_real=interp_real,
            transition_kimgs=transition_kimgs,
            prev_stage=prev_stage,
            ema_config=ema_config,
            disc_augment=disc_augment,
            loss_config=loss_config)
        self._agree('style_channels', style_channels, self.noise_size)

    def draw_conditions(self, batch_size: int) -> dict[str, Any]:
        """The generator draws the noise itself, and so may mix styles."""
        return dict(noise=None, num_batches=batch_size, **self.growth)

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """R1. D is called without its distributed wrapper, see `WGANGP`."""
        return dict(
            loss_disc_r1=r1_gradient_penalty_loss(
                partial(unwrap(self.discriminator), **batch.real_conditions),
                batch.real_imgs,
                norm_mode='HWC',
                weight=self.loss_config['r1_loss_weight']))
