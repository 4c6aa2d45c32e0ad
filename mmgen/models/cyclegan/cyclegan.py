"""CycleGAN: image-to-image translation learned without pairs."""
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from mmgen.models.base import StaticTranslationGAN
from mmgen.models.base.translation import loss_weights
from mmgen.models.layers import GANImageBuffer
from mmgen.ops.precision import full_precision
from mmgen.registry import MODELS


LOSS_WEIGHTS = dict(cycle_loss_weight=10.0, id_loss_weight=0.5)


@MODELS.register_module()
class CycleGAN(StaticTranslationGAN):
    """CycleGAN; further arguments are those of `StaticTranslationGAN`.

    Beside the adversarial losses, least squares here (section 4), the
    generators minimise the L1 distance of an image and what comes back from
    its translation (equation 2), and of an image and its translation into its
    own domain (section 5.2).

    Args:
        buffer_size: Translations of each domain that are remembered for its
            discriminator, see `GANImageBuffer`.
        loss_config: ``cycle_loss_weight``, ``lambda`` of equation 3, and
            ``id_loss_weight``, the factor of the second distance. The paper
            has ``0.5 * lambda`` there, where it uses it. At 0 it is not
            computed.

    Attributes:
        image_buffers: By target domain. Each process has its own; they are in
            a checkpoint, but not in the state dict.

    Source: Zhu et al. 2017, arXiv:1703.10593.
    """

    gan_type = 'lsgan'

    def __init__(self,
                 *args: Any,
                 buffer_size: int = 50,
                 loss_config: dict = LOSS_WEIGHTS,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.reachable_domains) != 2 or len(self.related_domains) != 2:
            raise ValueError(
                f'CycleGAN: reachable_domains={self.reachable_domains} and '
                f'related_domains={self.related_domains}, expected the same '
                'two domains in both: a cycle goes there and back.')
        self.loss_config = loss_weights(
            loss_config, LOSS_WEIGHTS, owner=type(self).__name__)
        self.image_buffers = {
            domain: GANImageBuffer(buffer_size)
            for domain in self.reachable_domains
        }

    def remembered(self, domain: str, fakes: Tensor) -> Tensor:
        return self.image_buffers[domain].query(fakes)

    def further_gen_losses(self, images: dict[str, Tensor],
                           fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        cycle = self.loss_config['cycle_loss_weight']
        identity = self.loss_config['id_loss_weight']
        losses = {}
        for domain, real in images.items():
            other, = self.get_other_domains(domain)
            generator = self.generators[domain]
            losses[f'loss_cycle_{domain}'] = cycle * F.l1_loss(
                full_precision(generator(fakes[other])), real)
            if identity:
                losses[f'loss_id_{domain}'] = identity * F.l1_loss(
                    full_precision(generator(real)), real)
        return losses

    def process_state(self) -> dict[str, dict]:
        """What this process remembers, for a checkpoint."""
        return {domain: buffer.state_dict()
                for domain, buffer in self.image_buffers.items()}

    def load_process_state(self, state: dict[str, dict]) -> None:
        """Undo `process_state`."""
        for domain, buffer in self.image_buffers.items():
            buffer.load_state_dict(state[domain])
