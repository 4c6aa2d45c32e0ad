"""Pix2Pix: image-to-image translation learned from pairs."""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmgen.models.base import StaticTranslationGAN
from mmgen.models.base.translation import loss_weights
from mmgen.ops.precision import full_precision
from mmgen.registry import MODELS


LOSS_WEIGHTS = dict(pixel_loss_weight=100.0)


@MODELS.register_module()
class Pix2Pix(StaticTranslationGAN):
    """Pix2Pix; further arguments are those of `StaticTranslationGAN`.

    The discriminator judges a target image together with its source
    (equation 1), the generator is also drawn towards the true target in L1
    (equations 3 and 4).

    Translation works as in training: with dropout, and with batch
    normalisation by the batch at hand (section 3.3). The result is random,
    and depends on the other images of a batch.

    Args:
        loss_config: ``pixel_loss_weight``, the factor of the L1 distance.

    Source: Isola et al. 2016, arXiv:1611.07004.
    """

    gan_type = 'vanilla'

    def __init__(self,
                 *args: Any,
                 loss_config: dict = LOSS_WEIGHTS,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loss_config = loss_weights(
            loss_config, LOSS_WEIGHTS, owner=type(self).__name__)

    @property
    def shown_images(self) -> list[str]:
        return [*super().shown_images, f'img_{self.default_domain}']

    def translate_to(self, target: str, images: Tensor,
                     **kwargs: Any) -> Tensor:
        with as_in_training(self.generators[target]):
            return super().translate_to(target, images, **kwargs)

    def judged(self, domain: str, candidates: Tensor,
               images: dict[str, Tensor]) -> Tensor:
        source, *_ = self.get_other_domains(domain)
        return torch.cat([images[source], candidates], dim=1)

    def further_gen_losses(self, images: dict[str, Tensor],
                           fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        weight = self.loss_config['pixel_loss_weight']
        return {
            f'loss_pixel_{domain}': weight * F.l1_loss(
                full_precision(fake), images[domain])
            for domain, fake in fakes.items()
        }


@contextmanager
def as_in_training(network: nn.Module) -> Iterator[None]:
    """Dropout and statistics of the batch, with nothing kept of it.

    Batch norms are left in eval mode, with their running statistics out of
    reach: they then normalise by the batch, neither update anything nor wait
    for other processes.
    """
    training = {module: module.training for module in network.modules()}
    statistics = {
        module: (module.running_mean, module.running_var)
        for module in network.modules() if isinstance(module, _BatchNorm)
    }
    try:
        network.train()
        for norm in statistics:
            norm.eval()
            norm.running_mean = norm.running_var = None
        yield
    finally:
        for norm, (mean, var) in statistics.items():
            norm.running_mean, norm.running_var = mean, var
        for module, mode in training.items():
            module.training = mode
