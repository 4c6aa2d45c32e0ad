"""WGAN-GP's losses.

Gulrajani et al. 2017, arXiv:1704.00028, algorithm 1: D estimates the
Wasserstein distance between real and generated images, for which it has to be
1-Lipschitz; the gradient penalty (equation 3) asks for a gradient of length 1
between them.
"""
from typing import Any

from torch import Tensor

from mmgen.models.base import BaseGAN, DiscBatch
from mmgen.models.losses.gradient_penalty import (NORM_MODES,
                                                  gradient_penalty_loss)
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap

# The paper's lambda, and its length: that of an image's whole gradient.
PENALTY = dict(gp_loss_weight=10.0, gp_norm_mode='HWC')


@MODELS.register_module()
class WGANGP(BaseGAN):
    """Wasserstein GAN with a gradient penalty.

    D minimises ``D(fake) - D(real) + 10 (|grad D(x)| - 1)^2`` with ``x``
    between a fake and a real image, G ``-D(fake)``. Algorithm 1 takes five
    updates of D for one of G: ``discriminator_steps=5``.

    Args:
        loss_config: ``gp_loss_weight``, the factor of the penalty, and
            ``gp_norm_mode``, see `gradient_penalty_loss`. What is left out is
            the paper's.

    The other arguments are those of `BaseGAN`.

    Raises:
        ValueError: ``loss_config`` has another key or another norm.
    """

    gan_type = 'wgan'

    def __init__(self, *args: Any, loss_config: dict | None = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, loss_config=loss_config, **kwargs)
        unknown = sorted(set(self.loss_config) - set(PENALTY))
        if unknown:
            raise ValueError(
                f'{type(self).__name__}: loss_config has '
                f'{", ".join(unknown)}, expected only {", ".join(PENALTY)}. '
                'Take the other out.')
        self.loss_config = {**PENALTY, **self.loss_config}
        if self.loss_config['gp_norm_mode'] not in NORM_MODES:
            raise ValueError(
                f'{type(self).__name__}: loss_config has gp_norm_mode='
                f'{self.loss_config["gp_norm_mode"]!r}, expected one of '
                f'{", ".join(map(repr, NORM_MODES))}.')

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """The gradient penalty.

        D is called without its distributed wrapper: the gradient within is
        this process's own. The parameters' gradients are exchanged all the
        same, since that hangs on the parameters.
        """
        return dict(
            loss_gp=gradient_penalty_loss(
                unwrap(self.discriminator),
                batch.real_imgs,
                batch.fake_imgs,
                norm_mode=self.loss_config['gp_norm_mode'],
                weight=self.loss_config['gp_loss_weight']))
