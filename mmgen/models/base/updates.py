"""An update under way: how many backward passes it has had, and their sum.

The one place that looks into an optimiser wrapper.
"""
import torch
from mmengine.optim import OptimWrapper
from torch import nn


def accumulation(optimizer: OptimWrapper) -> int:
    """Backward passes in one update of ``optimizer``."""
    return optimizer._accumulative_counts


def updates_so_far(optimizer: OptimWrapper) -> int:
    """Finished updates of ``optimizer``."""
    return optimizer.inner_count // accumulation(optimizer)


def unfinished_update(optimizer: OptimWrapper) -> dict:
    """What a checkpoint has to know beside the optimiser's own state.

    Returns:
        ``inner_count``, the backward passes so far, and ``grads``, the
        gradients that wait for the rest of their update, one for each
        parameter, or none between two updates.
    """
    count = optimizer.inner_count
    waiting = count % accumulation(optimizer) != 0
    grads = [
        None if p.grad is None else p.grad.detach().cpu()
        for p in _parameters(optimizer)
    ] if waiting else []
    return dict(inner_count=count, grads=grads)


def resume_update(optimizer: OptimWrapper, inner_count: int,
                  grads: list[list], rank: int, world_size: int) -> None:
    """Undo `unfinished_update`.

    Args:
        optimizer: The wrapper.
        inner_count: Backward passes so far.
        grads: The waiting gradients of each process that saved.
        rank: This process.
        world_size: Processes now. If it was another number when saving, each
            process gets the mean.
    """
    optimizer._inner_count = inner_count
    own = grads[rank] if len(grads) == world_size else [
        None if parts[0] is None else torch.stack(parts).mean(0)
        for parts in zip(*grads)
    ]
    for parameter, grad in zip(_parameters(optimizer), own):
        if grad is not None:
            parameter.grad = grad.to(parameter)


def _parameters(optimizer: OptimWrapper) -> list[nn.Parameter]:
    """The parameters that ``optimizer`` updates, in order."""
    return [p for group in optimizer.param_groups for p in group['params']]
