"""Loss modules that find their inputs in a dict of a step's outputs."""
from abc import abstractmethod
from typing import Any

from torch import Tensor, nn


class LossFromOutputs(nn.Module):
    """Base of losses that a config can attach to a model.

    With ``data_info`` the module is called with one dict and takes from it
    what it needs; without, it is called with the arguments of its formula.

    Args:
        loss_weight: Factor of the loss.
        data_info: Argument of the formula -> key in the dict.
        loss_name: Key of the loss in the log; it begins with ``loss``.
    """

    def __init__(self, loss_weight: float, data_info: dict[str, str] | None,
                 loss_name: str) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.data_info = data_info
        self.loss_name = loss_name

    @abstractmethod
    def formula(self, *args: Any, **kwargs: Any) -> Tensor:
        """The loss before its weight."""

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The weighted loss; see the class for what it is called with."""
        if self.data_info is not None:
            outputs = args[0] if args else kwargs.pop('outputs_dict')
            args, kwargs = (), {**kwargs, **self.select(outputs)}
        return self.formula(*args, **kwargs) * self.loss_weight

    def select(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The formula's arguments out of ``outputs``.

        Raises:
            ValueError: ``outputs`` lacks a key that ``data_info`` names.
        """
        for argument, key in self.data_info.items():
            if key not in outputs:
                raise ValueError(
                    f'{type(self).__name__}: data_info takes {argument} from '
                    f'{key!r}, but the outputs have only '
                    f'{", ".join(sorted(outputs))}.')
        return {
            argument: outputs[key]
            for argument, key in self.data_info.items()
        }
