"""A bias and an activation in one call."""
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """An activation and the gain that goes with it.

    Attributes:
        function: From the values and ``alpha`` to the result.
        alpha: The usual ``alpha``.
        gain: Keeps the variance of a standard normal input about as it is.
    """

    function: Callable[[Tensor, float], Tensor]
    alpha: float = 0.0
    gain: float = 1.0


ACTIVATIONS = {
    'linear': Activation(lambda x, alpha: x),
    'relu': Activation(lambda x, alpha: F.relu(x), gain=math.sqrt(2)),
    'lrelu': Activation(F.leaky_relu, alpha=0.2, gain=math.sqrt(2)),
    'tanh': Activation(lambda x, alpha: torch.tanh(x)),
    'sigmoid': Activation(lambda x, alpha: torch.sigmoid(x)),
    'elu': Activation(lambda x, alpha: F.elu(x)),
    'selu': Activation(lambda x, alpha: F.selu(x)),
    'softplus': Activation(lambda x, alpha: F.softplus(x)),
    'swish': Activation(lambda x, alpha: x * torch.sigmoid(x),
                        gain=math.sqrt(2)),
}


def bias_act(x: Tensor,
             bias: Tensor | None = None,
             act: str = 'linear',
             alpha: float | None = None,
             gain: float | None = None,
             clamp: float | None = None,
             dim: int = 1) -> Tensor:
    """``clamp(gain * act(x + bias))``.

    Args:
        x: Values, any shape.
        bias: ``[x.shape[dim]]``; None for none.
        act: A name in `ACTIVATIONS`.
        alpha: Slope of lrelu for negative values; None for 0.2. The others
            have no parameter.
        gain: Factor of the result; None for the activation's own.
        clamp: Largest magnitude of the result; None for no limit.
        dim: Axis of the bias.

    Returns:
        Shape and type of ``x``.

    Raises:
        ValueError: An unknown activation or a bias of another shape.

    Source: Karras et al. 2020, arXiv:1912.04958, appendix B (leaky ReLU with
    slope 0.2, activations scaled by sqrt(2)).
    """
    if act not in ACTIVATIONS:
        raise ValueError(f'bias_act: act={act!r}, expected one of '
                         f'{", ".join(map(repr, ACTIVATIONS))}.')
    activation = ACTIVATIONS[act]
    if bias is not None:
        if bias.shape != (x.shape[dim], ):
            raise ValueError(
                f'bias_act: bias has shape {list(bias.shape)}, expected '
                f'[{x.shape[dim]}], the size of axis {dim} of x.')
        shape = [1] * x.ndim
        shape[dim] = -1
        x = x + bias.to(x.dtype).view(shape)
    x = activation.function(x, activation.alpha if alpha is None else alpha)
    gain = activation.gain if gain is None else gain
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)
