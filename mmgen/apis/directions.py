"""Directions of a style along which images change most.

Shen and Zhou 2021, arXiv:2007.06600: the eigenvectors of ``A^T A``, where ``A``
is the matrix of the first linear map that a style goes through. Here that is
all layers' maps, one above the other.
"""
import torch
from torch import Tensor, nn

# What the map from a style to the factors of a layer is called.
MODULATIONS = ('style_modulation', 'affine')


@torch.no_grad()
def style_directions(network: nn.Module) -> Tensor:
    """Unit vectors ``[D, D]``, a row each, the strongest first.

    Args:
        network: Generator of a StyleGAN.

    Raises:
        ValueError: It has no layers that a style modulates.
    """
    maps = [module for name, module in network.named_modules()
            if name.rpartition('.')[2] in MODULATIONS]
    if not maps or not hasattr(network, 'map_noise'):
        raise ValueError(
            f'{type(network).__name__} has no layers that a style modulates. '
            'Give a StyleGAN.')
    z = torch.zeros(1, network.noise_size,
                    device=next(network.parameters()).device)
    classes = [z.new_zeros(1, dtype=torch.int64)] if network.num_classes else []
    size = network.map_noise(z, *classes).shape[-1]
    unit = torch.eye(size, device=z.device)
    # The map of the unit vectors, without its bias: A^T, [D, C].
    rows = torch.cat([f(unit) - f(torch.zeros_like(unit)) for f in maps], 1)
    _, vectors = torch.linalg.eigh(rows @ rows.T)  # ascending, in columns
    return vectors.flip(1).T
