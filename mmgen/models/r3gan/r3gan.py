"""R3GAN's losses.

Huang et al. 2024, arXiv:2501.05441, section 2: the relativistic pairing loss
with zero-centred gradient penalties on real and on generated images.
"""
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mmgen.models.base import BaseConditionalGAN, DiscBatch
from mmgen.models.losses import (r1_gradient_penalty_loss,
                                 r2_gradient_penalty_loss,
                                 relativistic_pairing_loss)
from mmgen.registry import MODELS
from mmgen.utils.cosine import cosine_ramp
from mmgen.utils.unwrap import unwrap


@MODELS.register_module()
class R3GAN(BaseConditionalGAN):
    """A relativistic GAN with R1 and R2.

    D minimises ``softplus(D(fake) - D(real)) + gamma / 2 (|grad D(real)|^2 +
    |grad D(fake)|^2)``, G ``softplus(D(real) - D(fake))``. The images of a
    pair are of one class.

    Args:
        loss_config: ``gamma``, the first and the last of a cosine schedule,
            and ``gamma_iters``, the updates of the discriminator that it
            takes.

    The other arguments are those of `BaseConditionalGAN`.

    Raises:
        ValueError: ``loss_config`` has other keys.
    """

    def __init__(self, *args: Any, loss_config: dict, **kwargs: Any) -> None:
        super().__init__(*args, loss_config=loss_config, **kwargs)
        if set(self.loss_config) != {'gamma', 'gamma_iters'}:
            raise ValueError(
                'R3GAN: loss_config has '
                f'{", ".join(sorted(self.loss_config)) or "nothing"}, expected '
                'gamma=(first, last) and gamma_iters.')

    def batch_conditions(self, inputs: dict,
                         data_samples: list | None) -> dict[str, Tensor]:
        """Noise, with the labels of the real images."""
        noise = self.noise_fn(num_batches=len(inputs['img']))
        return dict(noise=noise, **self.real_conditions(data_samples))

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        return dict(
            loss_disc=relativistic_pairing_loss(real_logits, fake_logits))

    def batch_gen_loss(self, fake_logits: Tensor, inputs: dict,
                       data_samples: list | None) -> dict[str, Tensor]:
        """The generator, too, is compared with the real images."""
        with torch.no_grad():
            real_logits = unwrap(self.discriminator)(
                self.augment(inputs['img']),
                **self.real_conditions(data_samples))
        return dict(
            loss_gen=relativistic_pairing_loss(fake_logits, real_logits))

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """R1 and R2, in every update.

        D is called without its distributed wrapper, as for other penalties.
        """
        discriminator = partial(
            unwrap(self.discriminator), **batch.real_conditions)
        settings = dict(norm_mode='HWC', weight=self.gamma(batch.update) / 2)
        return dict(
            loss_disc_r1=r1_gradient_penalty_loss(
                discriminator, batch.real_imgs, **settings),
            loss_disc_r2=r2_gradient_penalty_loss(
                discriminator, batch.fake_imgs, **settings))

    def gamma(self, update: int) -> float:
        """Strength of the penalties after ``update`` updates."""
        return cosine_ramp(*self.loss_config['gamma'],
                           update / self.loss_config['gamma_iters'])
