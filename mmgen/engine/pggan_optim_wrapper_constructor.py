"""Optimisers whose rate depends on the side of a growing network's images."""
import copy

from mmengine.optim import OptimWrapperDict
from torch import nn

from mmgen.engine.optim_wrapper_constructor import GenOptimWrapperConstructor
from mmgen.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PGGANOptimWrapperConstructor(GenOptimWrapperConstructor):
    """`GenOptimWrapperConstructor` with a rate for each side.

    Example::

        optim_wrapper = dict(
            constructor='PGGANOptimWrapperConstructor',
            generator=dict(optimizer=dict(type='Adam', lr=0.001)),
            discriminator=dict(optimizer=dict(type='Adam', lr=0.001)),
            lr_schedule=dict(
                generator={'128': 0.0015}, discriminator={'128': 0.0015}))

    The rates are written into the parameter groups, and so into checkpoints:
    ``lr_at``, ``base_lr`` and ``forgets``. The model acts on them when it
    enters a side.

    Args:
        optim_wrapper_cfg: As there, and ``lr_schedule``, for each sub-module
            the rates of those sides that have their own; and
            ``reset_optim_for_new_scale``, whether the optimisers start anew
            at each side, True if it is missing.
        paramwise_cfg: As there.

    Raises:
        ValueError: ``lr_schedule`` names a sub-module without optimiser.
    """

    def __init__(self,
                 optim_wrapper_cfg: dict,
                 paramwise_cfg: dict | None = None) -> None:
        cfg = copy.deepcopy(optim_wrapper_cfg)
        self.lr_schedule = cfg.pop('lr_schedule', {})
        self.forgets = cfg.pop('reset_optim_for_new_scale', True)
        super().__init__(cfg, paramwise_cfg)
        unknown = sorted(set(self.lr_schedule) - set(cfg))
        if unknown:
            raise ValueError(
                f'PGGANOptimWrapperConstructor: lr_schedule has '
                f'{", ".join(unknown)}, but optim_wrapper has optimisers for '
                f'{", ".join(cfg)}. Use these names.')

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        wrappers = super().__call__(model)
        for name, wrapper in wrappers.items():
            schedule = self.lr_schedule.get(name, {})
            usual = wrapper.optimizer.defaults['lr']
            for group in wrapper.param_groups:
                # A group with a rate of its own keeps its ratio.
                share = group['lr'] / usual
                group.update(
                    base_lr=group['lr'],
                    lr_at={
                        int(side): lr * share
                        for side, lr in schedule.items()
                    },
                    forgets=self.forgets,
                    scale=None)
        return wrappers
