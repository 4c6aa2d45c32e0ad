"""A linear layer with an equalised learning rate, and an activation."""
from torch import Tensor, nn

from mmgen.models.layers.equalized_lr import EqualizedLRLinear
from mmgen.ops import bias_act


class EqualizedLRLinearAct(nn.Module):
    """``act(linear(x) + bias)``; the bias is apart, as in published states.

    Args:
        in_features: Size of the input.
        out_features: Size of the output.
        act: Activation, see `bias_act`.
        act_gain: Factor of the result; None for the activation's own.
        lr_mul: Factor of the learning rate, see `equalized_lr`.
        bias_init: What the bias starts from, as the layer uses it.
    """

    def __init__(self, in_features: int, out_features: int,
                 act: str = 'linear', act_gain: float | None = None,
                 lr_mul: float = 1.0, bias_init: float = 0.0) -> None:
        super().__init__()
        self.linear = EqualizedLRLinear(
            in_features, out_features, bias=False, gain=1.0, lr_mul=lr_mul)
        self.bias = nn.Parameter(
            self.linear.weight_orig.new_full((out_features, ),
                                             bias_init / lr_mul))
        self.act = act
        self.act_gain = act_gain
        self.lr_mul = lr_mul

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_features]`` to ``[N, out_features]``."""
        bias = self.bias if self.lr_mul == 1 else self.bias * self.lr_mul
        return bias_act(
            self.linear(x), bias, act=self.act, gain=self.act_gain)
