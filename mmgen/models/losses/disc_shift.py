"""A pull of the discriminator's answers towards 0."""
from torch import Tensor

from mmgen.models.losses.loss_from_outputs import LossFromOutputs
from mmgen.models.losses.pixelwise import reduce_loss
from mmgen.ops.precision import full_precision
from mmgen.registry import MODULES


def disc_shift_loss(pred: Tensor,
                    weight: Tensor | float | None = None,
                    reduction: str = 'mean') -> Tensor:
    """``pred^2``: keeps a Wasserstein critic from drifting.

    Args:
        pred: Logits.
        weight: Factor.
        reduction: See `reduce_loss`.

    Source: Karras et al. 2017, arXiv:1710.10196, appendix A.1.
    """
    return reduce_loss(
        full_precision(pred).square(), weight, reduction, None)


@MODULES.register_module()
class DiscShiftLoss(LossFromOutputs):
    """`disc_shift_loss` as a module.

    Args:
        loss_weight: Factor of the loss.
        data_info: See `LossFromOutputs`.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 data_info: dict[str, str] | None = None,
                 loss_name: str = 'loss_disc_shift') -> None:
        super().__init__(loss_weight, data_info, loss_name)

    def formula(self, *args, **kwargs) -> Tensor:
        return disc_shift_loss(*args, **kwargs)
