"""GANs that grow: the number of images shown, and what follows from it.

Karras, Aila, Laine and Lehtinen 2017, arXiv:1710.10196, section 2 and
figure 2; Karras, Laine and Aila 2018, arXiv:1812.04948, grow in the same way.
"""
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from mmgen.models.base import BaseGAN
from mmgen.models.pggan.networks import blend

# Further buffers of published models; they follow from the first one.
PUBLISHED_COUNT = 'shown_nkimg'
PUBLISHED_REST = ('_curr_transition_weight', '_next_scale_int',
                  '_curr_scale_int')


class GrowingGAN(BaseGAN):
    """A GAN whose images get larger while it is trained.

    How many images have been shown is the only state; the side of the images
    and the share of the newest resolution follow from it.

    Args:
        generator: The generator or its config. Its forward takes
            ``curr_scale`` and ``transition_weight``, as the discriminator's
            does; ``scales`` are the sides that it has.
        discriminator: The discriminator or its config; None for a model that
            only samples.
        data_preprocessor: See `BaseGAN`.
        nkimgs_per_scale: For each side, the thousands of images that the
            networks are shown at it. At the largest one training may go on
            beyond that. Empty for a model that only samples, at its largest
            side.
        noise_size: Size ``Z`` of the noise; None for that of the generator.
        interp_real: Arguments of `torch.nn.functional.interpolate` with which
            real images are made smaller; None for averages over areas.
        transition_kimgs: Thousands of images, at the start of each side but
            the first, over which the share of the newest resolution grows
            from 0 to 1.
        prev_stage: Where training starts: the number of sides that count as
            done.
        ema_config: See `BaseGAN`.
        disc_augment: See `BaseGAN`.
        loss_config: Weights of the losses, by the keys of ``weights``. What
            is left out is as there.

    Attributes:
        weights: A class's names of its losses' weights, and the paper's
            numbers.
        shown_imgs: The number of images shown, over all processes; a buffer.

    Raises:
        ValueError: The networks do not have these sides or take labels,
            ``prev_stage`` is none of the sides, or ``loss_config`` has
            another key.
    """

    weights: dict[str, float] = {}

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 nkimgs_per_scale: dict[int | str, float] = {},
                 noise_size: int | None = None,
                 interp_real: dict | None = None,
                 transition_kimgs: float = 600,
                 prev_stage: int = 0,
                 ema_config: dict | None = None,
                 disc_augment: nn.Module | dict | None = None,
                 loss_config: dict | None = None) -> None:
        loss_config = loss_config or {}
        unknown = sorted(set(loss_config) - set(self.weights))
        if unknown:
            raise ValueError(
                f'{type(self).__name__}: loss_config has '
                f'{", ".join(unknown)}, expected only '
                f'{", ".join(self.weights)}. Take the other out.')
        super().__init__(
            generator,
            discriminator,
            data_preprocessor,
            noise_size=noise_size,
            ema_config=ema_config,
            loss_config={**self.weights, **loss_config},
            disc_augment=disc_augment)
        kimgs = {int(side): n for side, n in nkimgs_per_scale.items()}
        self.scales = sorted(kimgs)
        self._check(prev_stage)
        ends = accumulate(round(1000 * kimgs[side]) for side in self.scales)
        self.stage_ends = list(ends)
        self.transition_imgs = round(1000 * transition_kimgs)
        self.interp_real = interp_real or dict(mode='area')
        self.register_buffer(
            'shown_imgs', torch.tensor([0, *self.stage_ends][prev_stage]))
        self.register_load_state_dict_pre_hook(count_of_published)

    def _check(self, prev_stage: int) -> None:
        """Refuse sides and labels that the networks do not fit."""
        owner = type(self).__name__
        if not 0 <= prev_stage <= max(len(self.scales) - 1, 0):
            raise ValueError(
                f'{owner}: prev_stage={prev_stage}, expected 0 to '
                f'{len(self.scales) - 1}, a place among the sides '
                f'{self.scales} of nkimgs_per_scale.')
        unknown = sorted(set(self.scales) - set(self.generator.scales))
        if unknown:
            raise ValueError(
                f'{owner}: nkimgs_per_scale has the sides {unknown}, but the '
                f'generator has {self.generator.scales}. Take them out, or '
                'make the networks larger.')
        if self.generator.num_classes:
            raise ValueError(
                f'{owner}: the generator takes labels, but this model trains '
                'without. Set label_size=0.')

    def _apply(self, fn: Callable, recurse: bool = True) -> 'GrowingGAN':
        """Keep the count on the CPU, where reading it waits for nothing."""
        count = self.shown_imgs
        super()._apply(fn, recurse)
        self.shown_imgs = count
        return self

    # -------------------------------------------------- formulas of the count

    @property
    def stage(self) -> int:
        """The place of the current side among ``scales``."""
        shown = int(self.shown_imgs)
        done = sum(shown >= end for end in self.stage_ends)
        return min(done, len(self.scales) - 1)

    @property
    def curr_scale(self) -> int:
        """Side of the images now, pixels; -1, the largest, without sides."""
        return self.scales[self.stage] if self.scales else -1

    @property
    def transition_weight(self) -> float:
        """Share of the newest resolution, [0, 1]."""
        if self.stage <= 0 or not self.transition_imgs:
            return 1.0
        start = self.stage_ends[self.stage - 1]
        shown = int(self.shown_imgs) - start
        return min(shown / self.transition_imgs, 1.0)

    @property
    def growth(self) -> dict[str, Any]:
        """What both networks are told of it."""
        return dict(
            curr_scale=self.curr_scale,
            transition_weight=self.transition_weight)

    # ------------------------------------------------------------- training

    def take_turns(self, inputs: dict, data_samples: list | None,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Both turns at the current side, then the count.

        Images may be larger than that. Logs ``curr_scale``,
        ``transition_weight`` and ``shown_nkimg`` beside the losses.
        """
        if not self.scales:
            raise RuntimeError(
                f'{type(self).__name__}: training needs nkimgs_per_scale, the '
                'thousands of images for each side. Set it in the model.')
        for optimizer in optim_wrapper.values():
            enter_scale(optimizer, self.curr_scale)
        log_vars = super().take_turns(
            {**inputs, 'img': self.as_grown(inputs['img'])}, data_samples,
            optim_wrapper)
        log_vars.update(as_log(self.growth))
        self.shown_imgs += len(inputs['img']) * get_world_size()
        log_vars.update(as_log(dict(shown_nkimg=int(self.shown_imgs) / 1000)))
        return log_vars

    def as_grown(self, images: Tensor) -> Tensor:
        """Real images as the generator makes them now.

        Args:
            images: ``[N, C, H, W]``, not smaller than the current side.

        Returns:
            ``[N, C, curr_scale, curr_scale]``; during a transition without
            the share of the newest resolution that is not there yet
            (figure 2).

        Raises:
            ValueError: The images are too small.
        """
        side, weight = self.curr_scale, self.transition_weight
        if min(images.shape[2:]) < side:
            raise ValueError(
                f'{type(self).__name__}: the images have {images.shape[2]} x '
                f'{images.shape[3]} pixels, but the networks have grown to '
                f'{side}. Use larger images, or fewer sides in '
                'nkimgs_per_scale.')
        if images.shape[2:] != (side, side):
            images = F.interpolate(images, (side, side), **self.interp_real)
        if weight < 1:
            smaller = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2)
            images = blend(smaller, images, weight)
        return images

    def draw_conditions(self, batch_size: int) -> dict[str, Any]:
        return {**super().draw_conditions(batch_size), **self.growth}

    def disc_conditions(self, conditions: dict) -> dict[str, Any]:
        return self.growth

    def real_conditions(self, data_samples: list | None) -> dict[str, Any]:
        return self.growth

    # ------------------------------------------------------------- sampling

    def given_conditions(self, inputs: dict) -> dict[str, Any]:
        """As trained so far, unless ``sample_kwargs`` says otherwise."""
        wished = inputs.get('sample_kwargs') or {}
        growth = {
            name: value
            for name, value in self.growth.items() if name not in wished
        }
        return {**super().given_conditions(inputs), **growth}


def as_log(values: dict[str, float]) -> dict[str, Tensor]:
    """Numbers as a log has them."""
    return {name: torch.tensor(float(x)) for name, x in values.items()}


def enter_scale(optimizer: OptimWrapper, scale: int) -> None:
    """At a new side, set the rates anew and forget the statistics.

    Only for an optimiser of `PGGANOptimWrapperConstructor`, whose parameter
    groups say what to do: ``lr_at``, the rates by side; ``base_lr`` for the
    others; ``forgets``. They also keep the side, ``scale``, so that a resumed
    run does it once.

    Args:
        optimizer: Changed in place.
        scale: The side, pixels.
    """
    groups = optimizer.param_groups
    if groups[0].get('scale', scale) == scale:
        return
    for group in groups:
        group['lr'] = group['lr_at'].get(scale, group['base_lr'])
        group['scale'] = scale
    if groups[0]['forgets']:
        optimizer.optimizer.state.clear()


def count_of_published(model: nn.Module, state_dict: dict, prefix: str,
                       *_: Any) -> None:
    """Take the count out of a published model, which has it in thousands."""
    for name in PUBLISHED_REST:
        state_dict.pop(prefix + name, None)
    shown = state_dict.pop(prefix + PUBLISHED_COUNT, None)
    if shown is not None:
        shown = (shown.double() * 1000).round().long()
        state_dict[f'{prefix}shown_imgs'] = shown
