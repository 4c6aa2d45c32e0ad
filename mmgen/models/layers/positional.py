"""Encodings that tell a convolutional network where a pixel is.

Xu et al. 2020, arXiv:2012.05217 ("Positional Encoding as Spatial Inductive
Bias in GANs"), section 4. All have the same forms: ``make_grid2d``,
``make_grid2d_like`` and a call with images.
"""
import math
from abc import abstractmethod

import torch
from torch import Tensor, nn

from mmgen.registry import MODELS

LONGEST_WAVE = 10000  # Vaswani et al. 2017, arXiv:1706.03762, section 3.5


class PositionalEncoding(nn.Module):
    """Base of the encodings of a plane."""

    @abstractmethod
    def make_grid2d(self, height: int, width: int, num_batches: int = 1,
                    center_shift: int | None = None) -> Tensor:
        """The encoding of each pixel, ``[N, C, H, W]``.

        Args:
            height: ``H``.
            width: ``W``.
            num_batches: ``N``.
            center_shift: See `SinusoidalPositionalEmbedding`; None for the
                encoding's own.
        """

    def make_grid2d_like(self, x: Tensor,
                         center_shift: int | None = None) -> Tensor:
        """The encoding for images ``[N, C, H, W]``, in their type."""
        grid = self.make_grid2d(*x.shape[2:], len(x), center_shift)
        return grid.to(x)

    def forward(self, x: Tensor) -> Tensor:
        """As `make_grid2d_like`."""
        return self.make_grid2d_like(x)


@MODELS.register_module(
    name=['SinusoidalPositionalEmbedding', 'SPE', 'SPE2d'])
class SinusoidalPositionalEmbedding(PositionalEncoding):
    """Sines and cosines of the column, then of the row.

    A position ``p`` has ``sin(p f_i)`` for ``D / 2`` frequencies and then the
    cosines of the same; the frequencies fall from 1 to 1/10000 (with
    ``div_half_dim`` the last is one step before).

    Positions are counted as published networks count them: the places of an
    axis have numbers from 1, or with ``center_shift`` from
    ``center_shift - (size - 1) // 2``. A place whose number is ``padding_idx`` is
    encoded by zeros, all others by their rank among these, from
    ``padding_idx + 1`` on. So a shift matters only where it brings a place on
    ``padding_idx``.

    Args:
        embedding_dim: ``D``, for each of the two axes; even.
        padding_idx: The number that is encoded by zeros.
        init_size: Kept for configs, without effect: nothing is tabulated.
        div_half_dim: See above.
        center_shift: See above; None for none.

    Source: Xu et al. 2020, arXiv:2012.05217, section 4.2; the frequencies are
    those of Vaswani et al. 2017, arXiv:1706.03762.
    """

    def __init__(self,
                 embedding_dim: int,
                 padding_idx: int,
                 init_size: int = 1024,
                 div_half_dim: bool = False,
                 center_shift: int | None = None) -> None:
        super().__init__()
        if embedding_dim % 2 or (embedding_dim < 4 and not div_half_dim):
            raise ValueError(
                f'{type(self).__name__}: embedding_dim={embedding_dim}, '
                'expected an even number of at least 4.')
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.div_half_dim = div_half_dim
        self.center_shift = center_shift
        # Without a use, but an entry of published state dicts.
        self.register_buffer('_float_tensor', torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Encode.

        Args:
            x: Numbers of places, int64 ``[N, L]``; or images
                ``[N, C, H, W]``.

        Returns:
            ``[N, L, D]``, or ``[N, 2 D, H, W]``.
        """
        return self.encode(x) if x.ndim == 2 else self.make_grid2d_like(x)

    def encode(self, numbers: Tensor) -> Tensor:
        """Numbers of places ``[N, L]`` to ``[N, L, D]``."""
        counts = numbers != self.padding_idx
        positions = counts.cumsum(1) + self.padding_idx
        half = self.embedding_dim // 2
        steps = half if self.div_half_dim else half - 1
        powers = torch.arange(half, device=numbers.device) / steps
        angles = positions[..., None] * torch.exp(
            -math.log(LONGEST_WAVE) * powers)
        waves = torch.cat([angles.sin(), angles.cos()], -1)
        return waves * counts[..., None]

    def make_grid2d(self, height: int, width: int, num_batches: int = 1,
                    center_shift: int | None = None) -> Tensor:
        columns = self._axis(width, center_shift)               # [D, W]
        rows = self._axis(height, center_shift)                 # [D, H]
        grid = torch.cat([
            columns[:, None, :].expand(-1, height, -1),
            rows[:, :, None].expand(-1, -1, width)
        ])
        return grid.expand(num_batches, -1, -1, -1)

    def _axis(self, size: int, center_shift: int | None) -> Tensor:
        """The encoding of the places of an axis, ``[D, size]``."""
        shift = self.center_shift if center_shift is None else center_shift
        first = self.padding_idx + 1 if shift is None \
            else shift - (size - 1) // 2
        numbers = torch.arange(
            first, first + size, device=self._float_tensor.device)
        return self.encode(numbers[None])[0].T


@MODELS.register_module(name=['CatersianGrid', 'CSG', 'CSG2d'])
class CatersianGrid(PositionalEncoding):
    """The column and the row, each from -1 to 1: ``C = 2``.

    The spelling is that of 1.x.

    Source: Xu et al. 2020, arXiv:2012.05217, section 4.2.
    """

    def make_grid2d(self, height: int, width: int, num_batches: int = 1,
                    center_shift: int | None = None) -> Tensor:
        """As in the base; there is no shift."""
        if center_shift is not None:
            raise ValueError(
                f'CatersianGrid: center_shift={center_shift}, but the grid is '
                'always from -1 to 1. Leave it out.')
        rows, columns = torch.meshgrid(
            _from_minus_one_to_one(height), _from_minus_one_to_one(width),
            indexing='ij')
        return torch.stack([columns, rows]).expand(num_batches, -1, -1, -1)


def _from_minus_one_to_one(size: int) -> Tensor:
    """``[size]``; -1 alone where there is one place only."""
    return torch.arange(size) / max(size - 1, 1) * 2 - 1
