"""StyleGAN3's training.

Karras et al. 2021, arXiv:2106.12423, section 3 and appendix F: the losses and
the discriminator of StyleGAN2, without path length regularisation and without
mixing of styles.
"""
from typing import Any

from torch import Tensor, nn

from mmgen.models.base import GenBatch
from mmgen.models.stylegan2 import StyleGAN2
from mmgen.registry import MODELS


@MODELS.register_module()
class StyleGAN3(StyleGAN2):
    """StyleGAN3, with classes or without.

    The generator's averages, of its style and of its layers' magnitudes, take
    in what it makes in the discriminator's turn.

    Args:
        forward_kwargs: Further arguments of the generator's ``forward`` in
            training, such as ``force_fp32=True``. Sampling has
            ``sample_kwargs`` instead.
        loss_config: See `StyleGAN2`; ``g_reg_weight``, ``g_reg_interval`` and
            ``pl_batch_shrink`` say nothing here.

    The other arguments are those of `StyleGAN2`.
    """

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
                 forward_kwargs: dict | None = None,
                 ema_config: dict | None = None,
                 loss_config: dict | None = None,
                 *,
                 num_classes: int | None = None,
                 disc_augment: nn.Module | dict | None = None) -> None:
        super().__init__(
            generator,
            discriminator,
            data_preprocessor,
            generator_steps,
            discriminator_steps,
            ema_config=ema_config,
            loss_config=loss_config,
            num_classes=num_classes,
            disc_augment=disc_augment)
        self.forward_kwargs = dict(forward_kwargs or {})

    def draw_conditions(self, batch_size: int) -> dict[str, Any]:
        return {**super().draw_conditions(batch_size), **self.forward_kwargs}

    def disc_fakes(self, conditions: dict) -> Tensor:
        return super().disc_fakes(dict(update_emas=True) | conditions)

    def gen_penalties(self, batch: GenBatch) -> dict[str, Tensor]:
        return {}
