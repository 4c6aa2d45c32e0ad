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
        """The formula's arguments out of ``outputs``."""
        return select_outputs(
            outputs, self.data_info, owner=type(self).__name__)


def select_outputs(outputs: dict[str, Any], data_info: dict[str, str], *,
                   owner: str) -> dict[str, Any]:
    """What a loss takes out of a step's outputs.

    Args:
        outputs: Everything that the step has.
        data_info: Argument of the loss -> key in ``outputs``.
        owner: Who asks, for the message.

    Raises:
        ValueError: ``outputs`` lacks a key that ``data_info`` names.
    """
    for argument, key in data_info.items():
        if key not in outputs:
            raise ValueError(
                f'{owner}: data_info takes {argument} from '
                f'{key!r}, but the outputs have only '
                f'{", ".join(sorted(outputs))}.')
    return {argument: outputs[key] for argument, key in data_info.items()}


class LazyLossFromOutputs(LossFromOutputs):
    """A loss that is due in one iteration of several.

    Args:
        loss_weight: As in the base.
        data_info: As in the base.
        loss_name: As in the base.
        interval: Iterations from one loss to the next. Above 1 the outputs
            must have ``iteration``, so ``data_info`` is needed.
        use_apex_amp: Only False: apex is not supported.
    """

    def __init__(self, loss_weight: float, data_info: dict[str, str] | None,
                 loss_name: str, interval: int, use_apex_amp: bool) -> None:
        super().__init__(loss_weight, data_info, loss_name)
        name = type(self).__name__
        if use_apex_amp:
            raise ValueError(
                f'{name}: use_apex_amp=True, but apex is not supported. Leave '
                'it out and use AmpOptimWrapper.')
        if interval > 1 and data_info is None:
            raise ValueError(
                f'{name}: interval={interval} needs data_info: the iteration '
                'is read from the dict of outputs.')
        self.interval = interval

    def forward(self, *args: Any, **kwargs: Any) -> Tensor | None:
        """The weighted loss, or None in an iteration without one."""
        if self.interval > 1:
            outputs = args[0] if args else kwargs['outputs_dict']
            if outputs['iteration'] % self.interval:
                return None
        return super().forward(*args, **kwargs)
