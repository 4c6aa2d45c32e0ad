"""Spectral normalisation of weights (Miyato et al. 2018, arXiv:1802.05957).

A layer's weight ``W``, taken as a matrix ``[out, rest]``, is divided by an
estimate of its largest singular value, which one step of power iteration
(Algorithm 1) refines in each training forward. Two layouts of the state exist
in published checkpoints, and they differ in what they do in eval mode:

* ``'torch'``: ``weight_orig``, ``weight_u [out]``, ``weight_v [rest]``, as
  `torch.nn.utils.spectral_norm` names them. Eval uses the stored vectors.
* ``'ajbrock'``: ``weight``, ``u0 [1, out]`` and ``sv0 [1]``, the last
  singular value seen in training. Eval makes one step from ``u0``, without
  storing its result.

The layers compute the divided weight in their forward and keep no tensor with
a history, so a network can be copied with ``deepcopy`` at any time.
"""
from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SN_STYLES = ('torch', 'ajbrock')


class _SpectralNorm(nn.Module):
    """Mixed into a layer with a parameter ``weight``."""

    def normalize_weight(self, style: str, eps: float) -> None:
        """Set up the state; called once, at the end of ``__init__``."""
        if style not in SN_STYLES:
            raise ValueError(f'{type(self).__name__}: sn_style={style!r}, '
                             f"expected 'torch' or 'ajbrock'.")
        self.sn_style = style
        self.sn_eps = eps
        weight = self.weight
        rows, columns = len(weight), weight[0].numel()
        if style == 'torch':
            del self.weight
            self.register_parameter('weight_orig', weight)
            u, v = weight.new_empty(rows), weight.new_empty(columns)
            self.register_buffer('weight_u', self._unit(u.normal_()))
            self.register_buffer('weight_v', self._unit(v.normal_()))
        else:
            self.register_buffer('u0', weight.new_empty(1, rows).normal_())
            self.register_buffer('sv0', weight.new_ones(1))

    def normalized_weight(self) -> Tensor:
        """The weight divided by its largest singular value.

        Computed in full precision also under autocast: rounding the vectors
        to half precision would spoil the power iteration.
        """
        weight = raw_weight(self)
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            u, v = self._singular_vectors(matrix.detach())
            sigma = torch.dot(u, matrix @ v)
            if self.sn_style == 'ajbrock' and self.training:
                self.sv0.copy_(sigma.detach())
            return weight / sigma

    @torch.no_grad()
    def _singular_vectors(self, matrix: Tensor) -> tuple[Tensor, Tensor]:
        """Estimates of the first left and right singular vector.

        They are new tensors, not the buffers: the graph of this forward keeps
        them, and the next forward overwrites the buffers.
        """
        if self.sn_style == 'torch' and not self.training:
            return self.weight_u.clone(), self.weight_v.clone()
        old_u = self.weight_u if self.sn_style == 'torch' else self.u0[0]
        v = self._unit(matrix.T @ old_u)
        u = self._unit(matrix @ v)
        if self.training:
            old_u.copy_(u)
            if self.sn_style == 'torch':
                self.weight_v.copy_(v)
        return u, v

    def _unit(self, vector: Tensor) -> Tensor:
        """``vector`` divided by its length, or by eps if that is smaller."""
        return F.normalize(vector, dim=0, eps=self.sn_eps)


class SNConv2d(_SpectralNorm, nn.Conv2d):
    """A convolution with a normalised weight."""

    def __init__(self, *args, sn_style: str = 'torch', sn_eps: float = 1e-12,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.normalize_weight(sn_style, sn_eps)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.normalized_weight(), self.bias)


class SNLinear(_SpectralNorm, nn.Linear):
    """A linear layer with a normalised weight."""

    def __init__(self, *args, sn_style: str = 'torch', sn_eps: float = 1e-12,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.normalize_weight(sn_style, sn_eps)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.normalized_weight(), self.bias)


class SNEmbedding(_SpectralNorm, nn.Embedding):
    """A table of embeddings, normalised as one matrix ``[K, D]``."""

    def __init__(self, *args, sn_style: str = 'torch', sn_eps: float = 1e-12,
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.normalize_weight(sn_style, sn_eps)

    def forward(self, labels: Tensor) -> Tensor:
        return F.embedding(labels, self.normalized_weight())


@dataclass(frozen=True)
class LayerMaker:
    """Makes a network's layers, all with or all without spectral norm.

    Args:
        with_spectral_norm: Whether the weights are normalised.
        sn_style: ``'torch'`` or ``'ajbrock'``.
        sn_eps: Smallest length by which a vector is divided.
    """

    with_spectral_norm: bool = True
    sn_style: str = 'ajbrock'
    sn_eps: float = 1e-6

    @property
    def _settings(self) -> dict:
        return dict(sn_style=self.sn_style, sn_eps=self.sn_eps)

    def conv(self, in_channels: int, out_channels: int, kernel_size: int,
             bias: bool = True) -> nn.Conv2d:
        """A convolution that keeps the resolution (odd kernel)."""
        args = (in_channels, out_channels, kernel_size)
        same = dict(padding=kernel_size // 2, bias=bias)
        if self.with_spectral_norm:
            return SNConv2d(*args, **same, **self._settings)
        return nn.Conv2d(*args, **same)

    def named_conv(self, in_channels: int, out_channels: int,
                   kernel_size: int, bias: bool = True) -> nn.Sequential:
        """The same under the name that published state dicts have for it."""
        conv = self.conv(in_channels, out_channels, kernel_size, bias)
        return nn.Sequential(OrderedDict(conv=conv))

    def linear(self, in_features: int, out_features: int,
               bias: bool = True) -> nn.Linear:
        """A linear layer."""
        if self.with_spectral_norm:
            return SNLinear(
                in_features, out_features, bias=bias, **self._settings)
        return nn.Linear(in_features, out_features, bias=bias)

    def embedding(self, num_classes: int, size: int) -> nn.Embedding:
        """A table of embeddings."""
        if self.with_spectral_norm:
            return SNEmbedding(num_classes, size, **self._settings)
        return nn.Embedding(num_classes, size)


def raw_weight(layer: nn.Module) -> nn.Parameter:
    """The trained weight of ``layer``, whether or not it is normalised."""
    return layer.weight if hasattr(layer, 'weight') else layer.weight_orig
