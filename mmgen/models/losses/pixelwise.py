"""Losses between two tensors, value by value."""
from torch import Tensor

from mmgen.models.losses.loss_from_outputs import LossFromOutputs
from mmgen.registry import MODULES

REDUCTIONS = ('none', 'mean', 'sum', 'batchmean', 'flatmean')


def reduce_loss(values: Tensor, weight: Tensor | float | None,
                reduction: str, avg_factor: float | None) -> Tensor:
    """Weight elementwise losses and put them together.

    Args:
        values: ``[N, ...]``.
        weight: Factor, broadcast to ``values``; None for 1.
        reduction: ``'none'``; ``'mean'`` and ``'sum'`` of all;
            ``'batchmean'``, the sum over ``N``; ``'flatmean'``, the mean of
            each of the ``N``.
        avg_factor: With ``'mean'``, what to divide the sum by instead of the
            number of values.

    Raises:
        ValueError: An unknown reduction, or one that ``avg_factor`` does not
            go with.
    """
    if avg_factor is not None and reduction not in ('none', 'mean'):
        raise ValueError(f"loss: avg_factor goes with reduction='mean', not "
                         f'with {reduction!r}.')
    if weight is not None:
        values = values * weight
    if reduction == 'none':
        return values
    if reduction == 'mean' and avg_factor is not None:
        return values.sum() / avg_factor
    if reduction == 'mean':
        return values.mean()
    if reduction == 'sum':
        return values.sum()
    if reduction == 'batchmean':
        return values.sum() / len(values)
    if reduction == 'flatmean':
        return values.flatten(1).mean(1)
    raise ValueError(f'loss: reduction={reduction!r}, expected one of '
                     f'{", ".join(map(repr, REDUCTIONS))}.')


def l1_loss(pred: Tensor,
            target: Tensor,
            weight: Tensor | float | None = None,
            reduction: str = 'mean',
            avg_factor: float | None = None) -> Tensor:
    """``|pred - target|``; see `reduce_loss` for the rest."""
    return reduce_loss((pred - target).abs(), weight, reduction, avg_factor)


def mse_loss(pred: Tensor,
             target: Tensor,
             weight: Tensor | float | None = None,
             reduction: str = 'mean',
             avg_factor: float | None = None) -> Tensor:
    """``(pred - target)^2``; see `reduce_loss` for the rest."""
    return reduce_loss((pred - target).square(), weight, reduction, avg_factor)


@MODULES.register_module()
class L1Loss(LossFromOutputs):
    """`l1_loss` as a module.

    Args:
        loss_weight: Factor of the loss.
        reduction: See `reduce_loss`.
        avg_factor: See `reduce_loss`.
        data_info: See `LossFromOutputs`.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 reduction: str = 'mean',
                 avg_factor: float | None = None,
                 data_info: dict[str, str] | None = None,
                 loss_name: str = 'loss_l1') -> None:
        super().__init__(loss_weight, data_info, loss_name)
        self.reduction = reduction
        self.avg_factor = avg_factor

    def formula(self, *args, **kwargs) -> Tensor:
        settings = dict(reduction=self.reduction, avg_factor=self.avg_factor)
        return l1_loss(*args, **{**settings, **kwargs})


@MODULES.register_module()
class MSELoss(LossFromOutputs):
    """`mse_loss` as a module; ``weight``, ``reduction`` and ``avg_factor``
    are given with the call.

    Args:
        loss_weight: Factor of the loss.
        data_info: See `LossFromOutputs`.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 data_info: dict[str, str] | None = None,
                 loss_name: str = 'loss_mse') -> None:
        super().__init__(loss_weight, data_info, loss_name)

    def formula(self, *args, **kwargs) -> Tensor:
        return mse_loss(*args, **kwargs)
