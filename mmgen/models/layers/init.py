"""Ways to initialise a network's weights, by the names that configs have."""
from functools import partial
from typing import NamedTuple

import torch
from torch import nn

from mmgen.models.layers.spectral_norm import raw_weight

# ortho: Saxe et al. 2013, arXiv:1312.6120, gain 1. N02: N(0, 0.02^2), Radford
# et al. 2015, arXiv:1511.06434, section 4. xavier: uniform, Glorot and Bengio
# 2010.
INITIALIZERS = {
    'ortho': nn.init.orthogonal_,
    'N02': partial(nn.init.normal_, std=0.02),
    'xavier': nn.init.xavier_uniform_,
}


class InitStyle(NamedTuple):
    """How a paper initialises its residual networks.

    Attributes:
        init_type: Key in `INITIALIZERS`.
        residual_gain: Factor of the weights of the convolutions on residual
            paths; all other weights have 1.
    """

    init_type: str
    residual_gain: float = 1.0


# SNGAN: what the authors' Chainer code of arXiv:1802.05957 and
# arXiv:1802.05637 does. SAGAN: Glorot's, as for arXiv:1805.08318. BigGAN:
# Brock et al. 2018, arXiv:1809.11096, section 3. studio: StudioGAN, the
# library of Kang and Park 2020, arXiv:2006.12681.
INIT_STYLES = {
    'SNGAN': InitStyle('xavier', residual_gain=2**0.5),
    'SAGAN': InitStyle('xavier'),
    'BigGAN': InitStyle('ortho'),
    'studio': InitStyle('ortho'),
}


def init_style(init_cfg: dict, *, owner: str) -> InitStyle:
    """The style that a config names.

    Args:
        init_cfg: ``type``, a key of `INIT_STYLES` in upper or lower case.
        owner: Who asks, for the message.

    Raises:
        ValueError: An unknown type.
    """
    wanted = init_cfg['type']
    for name, style in INIT_STYLES.items():
        if name.lower() == wanted.lower():
            return style
    raise ValueError(
        f'{owner}: init_cfg has type={wanted!r}, expected one of '
        f'{", ".join(map(repr, INIT_STYLES))}.')


def init_weights(network: nn.Module, init_type: str,
                 gain: float = 1.0) -> None:
    """Initialise convolutions, linear layers and embeddings; biases to 0.

    Weights on the meta device have no values and are passed over.

    Args:
        network: Changed in place.
        init_type: ``'ortho'``, ``'N02'`` or ``'xavier'``.
        gain: Factor of the weights.

    Raises:
        ValueError: An unknown ``init_type``.
    """
    if init_type not in INITIALIZERS:
        raise ValueError(
            f'{type(network).__name__}: init_type={init_type!r}, expected one '
            f'of {", ".join(map(repr, INITIALIZERS))}.')
    for module in network.modules():
        if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear,
                                   nn.Embedding)):
            continue
        weight, bias = raw_weight(module), getattr(module, 'bias', None)
        if weight.is_meta:
            continue
        INITIALIZERS[init_type](weight)
        with torch.no_grad():
            weight.mul_(gain)
        if bias is not None:
            nn.init.zeros_(bias)


# Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852; Saxe et al. 2013,
# arXiv:1312.6120. He's has no gain.
WITH_GAIN = {
    'normal': lambda weight, gain: nn.init.normal_(weight, 0.0, gain),
    'xavier': nn.init.xavier_normal_,
    'kaiming': lambda weight, gain: nn.init.kaiming_normal_(weight),
    'orthogonal': nn.init.orthogonal_,
}


def init_with_gain(network: nn.Module, init_cfg: dict) -> None:
    """Initialise the networks of image translation.

    Convolutions as the config says, their biases to 0; normalisations from
    N(1, gain^2) with biases of 0. Weights on the meta device have no values
    and are passed over.

    Args:
        network: Changed in place.
        init_cfg: ``type``, a key of `WITH_GAIN`, and ``gain``, for
            ``'normal'`` the standard deviation.

    Raises:
        ValueError: An unknown type.

    Source: Isola et al. 2016, arXiv:1611.07004, section 6.2, N(0, 0.02^2);
    the norms as in the authors' code.
    """
    kind, gain = init_cfg['type'], init_cfg.get('gain', 0.02)
    if kind not in WITH_GAIN:
        raise ValueError(
            f'{type(network).__name__}: init_cfg has type={kind!r}, expected '
            f'one of {", ".join(map(repr, WITH_GAIN))}.')
    for module in network.modules():
        weight = getattr(module, 'weight', None)
        if not isinstance(weight, nn.Parameter) or weight.is_meta:
            continue
        if weight.ndim > 1:
            WITH_GAIN[kind](weight, gain)
        else:
            nn.init.normal_(weight, 1.0, gain)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
