"""Directions of a style along which images change most.

Shen and Zhou 2021, arXiv:2007.06600: the eigenvectors of ``A^T A``, where ``A``
is the matrix of the first linear map that a style goes through. Here that is
all layers' maps, one above the other.
"""
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from mmgen.models.layers import StyleGenerator
from mmgen.utils.checkpoint_file import read_checkpoint

# What the map from a style to the factors of a layer is called.
MODULATIONS = ('style_modulation', 'affine')


@torch.no_grad()
def style_directions(network: StyleGenerator) -> Tensor:
    """Unit vectors ``[D, D]``, a row each, the strongest first.

    Args:
        network: Generator of a StyleGAN.

    Raises:
        ValueError: It has no styles, or no layers that one modulates.
    """
    maps = [module for name, module in network.named_modules()
            if name.rpartition('.')[2] in MODULATIONS]
    size = style_size(network)
    if not maps:
        raise ValueError(
            f'{type(network).__name__} has no layers that a style modulates. '
            'Give a StyleGAN.')
    unit = torch.eye(size, device=next(network.parameters()).device)
    # The map of the unit vectors, without its bias: A^T, [D, C].
    rows = torch.cat([f(unit) - f(torch.zeros_like(unit)) for f in maps], 1)
    _, vectors = torch.linalg.eigh(rows @ rows.T)  # ascending, in columns
    return vectors.flip(1).T


def move_styles(ws: Tensor, directions: Tensor, index: Sequence[int],
                degrees: Sequence[float],
                layers: Sequence[int] | None = None) -> Tensor:
    """Each style, along each of some directions, by each degree.

    Args:
        ws: ``[N, L, D]``.
        directions: ``[K, D]``.
        index: Which of them, ``I`` in number.
        degrees: How far, ``G`` in number.
        layers: Whose styles are moved; None for all.

    Returns:
        ``[N * I * G, L, D]``, the degrees of a direction side by side.

    Raises:
        ValueError: There is no such direction or layer.
    """
    layers = range(ws.shape[1]) if layers is None else layers
    for what, wanted, count in (('direction', index, len(directions)),
                                ('layer', layers, ws.shape[1])):
        wrong = [number for number in wanted if not 0 <= number < count]
        if wrong:
            raise ValueError(f'There is no {what} {wrong[0]}, expected 0 to '
                             f'{count - 1}.')
    moved = ws.new_zeros(ws.shape[1], 1)
    moved[list(layers)] = 1
    steps = torch.stack([degree * moved * directions[number]
                         for number in index for degree in degrees])
    return (ws[:, None] + steps.to(ws)).flatten(0, 1)


def read_directions(path: str | Path, size: int) -> Tensor:
    """Directions of a file, ``[K, D]``, a row each.

    Args:
        path: A dict with ``eigvec``, ``[D, K]``, a direction in each column,
            as MMGeneration 1.x and rosinality's stylegan2-pytorch write it.
        size: ``D``.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: It is damaged, or holds more than plain values.
        ValueError: It holds no directions of this size.
    """
    content = read_checkpoint(path)['state_dict']
    vectors = content.get('eigvec')
    if not isinstance(vectors, Tensor) or vectors.ndim != 2 \
            or len(vectors) != size:
        found = list(vectors.shape) if isinstance(vectors, Tensor) \
            else f'only {", ".join(map(str, content)) or "nothing"}'
        raise ValueError(
            f'{path} has {found}, expected eigvec [{size}, K], a direction of '
            'styles in each column.')
    return vectors.T.float()


@torch.no_grad()
def style_size(network: StyleGenerator) -> int:
    """``D`` of a generator's styles.

    Raises:
        ValueError: It has none.
    """
    if not hasattr(network, 'map_noise'):
        raise ValueError(
            f'{type(network).__name__} has no styles. Give a StyleGAN.')
    z = torch.zeros(1, network.noise_size,
                    device=next(network.parameters()).device)
    classes = [z.new_zeros(1, dtype=torch.int64)] if network.num_classes else []
    return network.map_noise(z, *classes).shape[-1]
