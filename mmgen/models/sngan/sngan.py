"""SNGAN's losses: the hinge (Miyato et al. 2018, arXiv:1802.05957, section 4)."""
from torch import nn

from mmgen.models.base import BaseConditionalGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class SNGAN(BaseConditionalGAN):
    """SNGAN, with projection if there are classes.

    D minimises ``max(0, 1 + D(fake)) + max(0, 1 - D(real))``, G ``-D(fake)``.
    The arguments are those of `BaseConditionalGAN`.
    """

    gan_type = 'hinge'

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
                 noise_size: int | None = 128,
                 num_classes: int | None = None,
                 ema_config: dict | None = None,
                 loss_config: dict | None = None,
                 disc_augment: nn.Module | dict | None = None) -> None:
        super().__init__(generator, discriminator, data_preprocessor,
                         generator_steps, discriminator_steps, noise_size,
                         num_classes, ema_config, loss_config, disc_augment)
