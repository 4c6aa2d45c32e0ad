"""The modulated convolution: its weights are scaled for each image.

Karras et al. 2020, arXiv:1912.04958, section 2.2. Image ``n`` would be
convolved with weights of its own,

    w[n, o, i, k] = s[n, i] * w[o, i, k]                        (equation 1)
    w[n, o, i, k] / sqrt(sum over i and k of w[n, o, i, k]^2)   (equation 3)

but as a convolution is linear, it is the same to scale the channels that go
in by ``s``, to convolve all images with ``w``, and to divide the channels that
come out by the root: one ordinary convolution instead of ``N`` small ones.
"""
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.layers.fir_filter import (blur_before_downsampling,
                                            blur_behind_upsampling)
from mmgen.models.layers.linear_act import EqualizedLRLinearAct


def modulated_conv(x: Tensor,
                   weight: Tensor,
                   style: Tensor,
                   convolve: Callable[[Tensor, Tensor], Tensor],
                   demodulate: bool = True,
                   eps: float = 1e-8) -> Tensor:
    """Convolve each image with the weights that its style gives.

    Args:
        x: ``[N, C, H, W]``; its type is that of the convolution.
        weight: ``[C', C, k, k]``, in full precision like ``style``.
        style: Factors of the channels, ``[N, C]``.
        convolve: From ``x`` and ``weight`` to ``[N, C', H', W']``; linear in
            both.
        demodulate: Whether to normalise (equation 3).
        eps: Added under the root.

    Returns:
        ``[N, C', H', W']``.
    """
    if demodulate and x.dtype == torch.float16:
        # With the root, even values that all add up stay in range.
        weight = _small(weight) * weight[0].numel()**-0.5
        style = _small(style)
    x = convolve(x * _channels(style, x), weight.to(x.dtype))
    if not demodulate:
        return x
    energy = style.square() @ weight.square().sum((2, 3)).T     # [N, C']
    return x * _channels((energy + eps).rsqrt(), x)


def _channels(factors: Tensor, x: Tensor) -> Tensor:
    """``[N, C]`` as factors of images, in their type."""
    return factors.to(x.dtype)[:, :, None, None]


def _small(factors: Tensor) -> Tensor:
    """``[N, ...]``, each row divided by its largest magnitude.

    Demodulation takes such factors away again; without it the sums of the
    convolution could leave the range of float16 (Karras et al. 2020,
    arXiv:2006.06676, appendix D).
    """
    largest = factors.detach().flatten(1).norm(torch.inf, dim=1)
    return factors / largest.view(-1, *[1] * (factors.ndim - 1))


class ModulatedConv2d(nn.Module):
    """`modulated_conv` with an equalised learning rate.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Side of the kernel; odd.
        style_channels: Size ``D`` of the style.
        demodulate: See `modulated_conv`.
        upsample: Whether to double the resolution: a transposed convolution,
            then a blur.
        downsample: Whether to halve it: a blur, then a strided convolution.
        blur_kernel: Taps of the blur.
        eps: See `modulated_conv`.

    Source: Karras et al. 2020, arXiv:1912.04958, section 2.2 and appendix B.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 kernel_size: int,
                 style_channels: int,
                 *,
                 demodulate: bool = True,
                 upsample: bool = False,
                 downsample: bool = False,
                 blur_kernel: Sequence[float] = (1, 3, 3, 1),
                 eps: float = 1e-8) -> None:
        super().__init__()
        self.style_modulation = EqualizedLRLinearAct(
            style_channels, in_channels, bias_init=1.0)
        self.weight_orig = nn.Parameter(
            torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.register_load_state_dict_pre_hook(_weight_of_published)
        self.weight_scale = (in_channels * kernel_size**2)**-0.5
        self.demodulate = demodulate
        self.upsample = upsample
        self.downsample = downsample
        self.eps = eps
        if upsample:
            self.blur = blur_behind_upsampling(blur_kernel, kernel_size)
        if downsample:
            self.blur = blur_before_downsampling(blur_kernel, kernel_size)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """``x [N, C, H, W]`` and style ``[N, D]`` to ``[N, C', H', W']``."""
        return modulated_conv(
            x,
            self.weight_orig * self.weight_scale,
            self.style_modulation(style),
            self.convolve,
            demodulate=self.demodulate,
            eps=self.eps)

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """The convolution without scales, with its change of resolution."""
        if self.upsample:
            return self.blur(
                F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))
        if self.downsample:
            return F.conv2d(self.blur(x), weight, stride=2)
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2)

    def extra_repr(self) -> str:
        out_channels, in_channels, kernel_size, _ = self.weight_orig.shape
        return (f'{in_channels}, {out_channels}, kernel_size={kernel_size}, '
                f'upsample={self.upsample}, downsample={self.downsample}')


def _weight_of_published(layer: nn.Module, state_dict: dict, prefix: str,
                         *_) -> None:
    """Drop the first axis, of length 1, that published weights have.

    With it they could not be laid out with the channels last.
    """
    key = f'{prefix}weight_orig'
    if key in state_dict and state_dict[key].ndim == 5:
        state_dict[key] = state_dict[key].squeeze(0)
