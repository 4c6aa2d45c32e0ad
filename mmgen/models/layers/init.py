"""Ways to initialise a network's weights, by BigGAN's names for them."""
from functools import partial

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


def init_weights(network: nn.Module, init_type: str) -> None:
    """Initialise convolutions, linear layers and embeddings; biases to 0.

    Weights on the meta device have no values and are passed over.

    Args:
        network: Changed in place.
        init_type: ``'ortho'``, ``'N02'`` or ``'xavier'``.

    Raises:
        ValueError: An unknown ``init_type``.
    """
    if init_type not in INITIALIZERS:
        raise ValueError(
            f'{type(network).__name__}: init_type={init_type!r}, expected one '
            f'of {", ".join(map(repr, INITIALIZERS))}.')
    for module in network.modules():
        if not isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding)):
            continue
        weight, bias = raw_weight(module), getattr(module, 'bias', None)
        if weight.is_meta:
            continue
        INITIALIZERS[init_type](weight)
        if bias is not None:
            nn.init.zeros_(bias)
