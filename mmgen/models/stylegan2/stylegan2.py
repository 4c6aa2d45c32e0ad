"""StyleGAN2's losses.

Karras et al. 2020, arXiv:1912.04958, appendix B: the logistic non-saturating
loss, R1 at real images and path length regularisation. Both penalties are
lazy (section 3.1): they are due in one update of several, with a weight that
makes up for it.
"""
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.models.base import BaseConditionalGAN, DiscBatch, GenBatch
from mmgen.models.losses import (gen_path_regularizer,
                                 r1_gradient_penalty_loss)
from mmgen.models.losses.gradient_penalty import NORM_MODES
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap

# The authors' for configuration F: R1 with gamma = 10, and path lengths,
# averaged over the layers, with weight 2; each times its interval.
PENALTIES = dict(
    r1_loss_weight=10 / 2 * 16,
    r1_interval=16,
    norm_mode='HWC',
    g_reg_weight=2 * 4,
    g_reg_interval=4,
    pl_batch_shrink=2)

# Settings of 1.x for the loss scale of half precision. Penalties are in full
# precision here, which leaves them nothing to say.
WITHOUT_EFFECT = ('scale_r1_loss', 'r1_use_apex_amp', 'g_reg_use_apex_amp')


@MODELS.register_module()
class StyleGAN2(BaseConditionalGAN):
    """StyleGAN2, with classes or without.

    Args:
        loss_config: ``r1_loss_weight``, the factor of `R1
            <r1_gradient_penalty_loss>` with the paper's ``gamma / 2`` and the
            interval in it, 0 for none; ``r1_interval``, the updates of D from
            one to the next; ``norm_mode``, see there; ``g_reg_weight``,
            ``g_reg_interval`` and ``pl_batch_shrink``, the same of
            `gen_path_regularizer`. What is left out is as in configuration
            F.
        num_classes: See `BaseConditionalGAN`.

    The other arguments are those of `BaseGAN`.

    Raises:
        ValueError: ``loss_config`` has an unknown key or a value that makes
            no sense.
    """

    gan_type = 'wgan-logistic-ns'

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
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
            num_classes=num_classes,
            ema_config=ema_config,
            loss_config=_checked(loss_config or {}, type(self).__name__),
            disc_augment=disc_augment)
        self.register_buffer('mean_path_length', torch.tensor(0.0))

    def draw_conditions(self, batch_size: int) -> dict[str, Any]:
        """The generator draws its noise itself, so that it can mix styles."""
        conditions = dict(noise=None, num_batches=batch_size)
        if self.num_classes:
            conditions['label'] = self.label_fn(num_batches=batch_size)
        return conditions

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """R1, in every ``r1_interval``-th update.

        D is called without its distributed wrapper: the gradient within is
        this process's own. The parameters' gradients are exchanged all the
        same, since that hangs on the parameters.
        """
        weight = self.loss_config['r1_loss_weight']
        if not weight or batch.update % self.loss_config['r1_interval']:
            return {}
        return dict(
            loss_disc_r1=r1_gradient_penalty_loss(
                partial(unwrap(self.discriminator), **batch.real_conditions),
                batch.real_imgs,
                norm_mode=self.loss_config['norm_mode'],
                weight=weight))

    def gen_penalties(self, batch: GenBatch) -> dict[str, Tensor]:
        """Path length, in every ``g_reg_interval``-th update.

        It has noise of its own, and fewer images. The running mean is that of
        all processes.
        """
        weight = self.loss_config['g_reg_weight']
        if not weight or batch.update % self.loss_config['g_reg_interval']:
            return {}
        size = max(batch.conditions['num_batches']
                   // self.loss_config['pl_batch_shrink'], 1)
        conditions = self.draw_conditions(size)
        for key in ('noise', 'num_batches'):  # the formula gives them itself
            del conditions[key]
        penalty, mean, lengths = gen_path_regularizer(
            partial(unwrap(self.generator), **conditions),
            size,
            self.mean_path_length,
            weight=weight,
            sync_mean_buffer=True)
        self.mean_path_length.copy_(mean)
        return dict(loss_path_regular=penalty, path_length=lengths.mean())


def _checked(loss_config: dict, owner: str) -> dict:
    """All settings of the penalties."""
    unknown = sorted(
        set(loss_config) - set(PENALTIES) - set(WITHOUT_EFFECT))
    if unknown:
        raise ValueError(
            f'{owner}: loss_config has {", ".join(unknown)}, expected only '
            f'{", ".join(PENALTIES)}. Take the other out.')
    for key in ('r1_use_apex_amp', 'g_reg_use_apex_amp'):
        if loss_config.get(key):
            raise ValueError(
                f'{owner}: loss_config has {key}=True, but apex is not '
                'supported. Take it out and use AmpOptimWrapper.')
    settings = {**PENALTIES, **loss_config}
    for key in ('r1_interval', 'g_reg_interval', 'pl_batch_shrink'):
        if not isinstance(settings[key], int) or settings[key] < 1:
            raise ValueError(
                f'{owner}: loss_config has {key}={settings[key]!r}, expected '
                'a whole number of at least 1.')
    if settings['norm_mode'] not in NORM_MODES:
        raise ValueError(
            f'{owner}: loss_config has norm_mode={settings["norm_mode"]!r}, '
            f'expected one of {", ".join(map(repr, NORM_MODES))}.')
    return settings
