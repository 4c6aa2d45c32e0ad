"""A convolution with its normalisation and its activation."""
from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from mmgen.models.layers.activation import make_activation
from mmgen.models.layers.norm import make_norm

PARTS = ('conv', 'norm', 'act')


def conv_layer(conv: nn.Module,
               norm_cfg: dict | None,
               act_cfg: dict | None,
               order: Sequence[str] = PARTS) -> nn.Sequential:
    """A convolution, a normalisation and an activation, one after the other.

    Args:
        conv: The convolution, plain or transposed.
        norm_cfg: Normalisation, see `make_norm`; None for none.
        act_cfg: Activation, see `make_activation`; None for none.
        order: ``'conv'``, ``'norm'`` and ``'act'`` as a feature map meets
            them.

    Raises:
        ValueError: ``order`` is no order of these three.
    """
    check_order(order, PARTS, owner='conv_layer')
    norm = None
    if norm_cfg is not None:
        behind = order.index('norm') > order.index('conv')
        channels = conv.out_channels if behind else conv.in_channels
        norm = make_norm(norm_cfg, channels)
    return nn.Sequential(named_parts(conv, norm, act_cfg, order))


def named_parts(conv: nn.Module, norm: tuple[str, nn.Module] | None,
                act_cfg: dict | None,
                order: Sequence[str]) -> OrderedDict[str, nn.Module]:
    """The parts that there are, under their names in published state dicts.

    The activation works in place, unless that would change the input.
    """
    parts = dict(conv=('conv', conv), norm=norm, act=None)
    if act_cfg is not None:
        act = make_activation(act_cfg, inplace=order[0] != 'act')
        parts['act'] = ('activate', act)
    return OrderedDict(parts[name] for name in order if parts[name])


def check_order(order: Sequence[str], parts: Sequence[str], *,
                owner: str) -> None:
    """Refuse what is no order of ``parts``.

    Raises:
        ValueError: A name is missing, unknown or there twice.
    """
    if sorted(order) != sorted(parts):
        raise ValueError(
            f'{owner}: order={tuple(order)}, expected each of '
            f'{", ".join(map(repr, parts))} once.')


def check_conv_cfg(conv_cfg: dict | None, only: str, *, owner: str) -> None:
    """Refuse another kind of convolution than the one that there is.

    Args:
        conv_cfg: What a config of 1.x may give; None for the only one.
        only: Its name there.
        owner: Who asks, for the message.

    Raises:
        ValueError: ``conv_cfg`` is another.
    """
    if conv_cfg is not None and conv_cfg != dict(type=only):
        raise ValueError(
            f'{owner}: conv_cfg={conv_cfg}, but these layers are {only} '
            f"only. Leave conv_cfg out, or set dict(type='{only}').")
