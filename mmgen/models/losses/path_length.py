"""Path length regularisation of a style-based generator.

A step of fixed length in the style should change the image by a fixed amount,
wherever it begins. Runs outside autocast, in full precision and never compiled,
as the gradient penalties do.
"""
from collections.abc import Callable
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor

from mmgen.models.losses.loss_from_outputs import LazyLossFromOutputs
from mmgen.ops.precision import explicit_precision
from mmgen.ops.second_derivative import as_written
from mmgen.registry import MODULES


def gen_path_regularizer(generator: Callable[..., dict[str, Tensor]],
                         num_batches: int,
                         mean_path_length: Tensor,
                         pl_batch_shrink: int = 1,
                         decay: float = 0.01,
                         weight: float = 1.0,
                         pl_batch_size: int | None = None,
                         sync_mean_buffer: bool = False
                         ) -> tuple[Tensor, Tensor, Tensor]:
    """``(|J^T y| - a)^2`` with ``a`` the running mean of ``|J^T y|``.

    ``J`` is the derivative of an image by its style, ``y`` an image of noise
    from N(0, 1) divided by the root of the number of pixels, so that lengths
    do not depend on the resolution. ``a`` is a constant for the gradient.

    Args:
        generator: Called with ``None``, ``num_batches=N`` and
            ``return_latents=True``; makes ``fake_img`` ``[N, C, H, W]`` from
            ``latent`` ``[N, L, D]``.
        num_batches: Images in a batch of the training.
        mean_path_length: The running mean so far, a scalar.
        pl_batch_shrink: The regulariser takes fewer images by this factor.
        decay: Share of the new lengths in the running mean.
        weight: Factor of the penalty.
        pl_batch_size: Images of the regulariser; None for
            ``num_batches // pl_batch_shrink``.
        sync_mean_buffer: Whether the running mean is over all processes.

    Returns:
        The penalty, the new running mean, and the lengths ``[N]``.

    Source: Karras et al. 2020, arXiv:1912.04958, equation 4 and appendix B.
    """
    size = pl_batch_size or max(num_batches // pl_batch_shrink, 1)
    with explicit_precision(mean_path_length):
        with as_written():
            made = generator(None, num_batches=size, return_latents=True)
        lengths = _path_lengths(made['fake_img'], made['latent'])
        new = lengths.detach().mean()
        if sync_mean_buffer:
            all_reduce(new, op='mean')
        mean = mean_path_length.lerp(new.to(mean_path_length), decay)
        penalty = (lengths - mean).square().mean() * weight
    return penalty, mean, lengths.detach()


def _path_lengths(images: Tensor, latents: Tensor) -> Tensor:
    """``|J^T y|`` of each image, the mean square over its layers."""
    height, width = images.shape[2:]
    noise = torch.randn_like(images) / (height * width)**0.5
    gradient, = torch.autograd.grad(
        (images * noise).sum(), latents, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


@MODULES.register_module()
class GeneratorPathRegularizer(LazyLossFromOutputs):
    """`gen_path_regularizer` as a module that keeps the running mean.

    Args:
        loss_weight: Factor of the loss.
        pl_batch_shrink: See `gen_path_regularizer`.
        decay: See `gen_path_regularizer`.
        pl_batch_size: See `gen_path_regularizer`.
        sync_mean_buffer: See `gen_path_regularizer`.
        interval: See `LazyLossFromOutputs`.
        data_info: See `LossFromOutputs`; arguments of the formula are
            ``generator`` and ``num_batches``.
        use_apex_amp: Only False: apex is not supported.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 pl_batch_shrink: int = 1,
                 decay: float = 0.01,
                 pl_batch_size: int | None = None,
                 sync_mean_buffer: bool = False,
                 interval: int = 1,
                 data_info: dict[str, str] | None = None,
                 use_apex_amp: bool = False,
                 loss_name: str = 'loss_path_regular') -> None:
        super().__init__(loss_weight, data_info, loss_name, interval,
                         use_apex_amp)
        self.settings = dict(
            pl_batch_shrink=pl_batch_shrink,
            decay=decay,
            pl_batch_size=pl_batch_size,
            sync_mean_buffer=sync_mean_buffer)
        self.register_buffer('mean_path_length', torch.tensor(0.0))

    def formula(self, generator: Callable[..., dict[str, Tensor]],
                num_batches: int, **kwargs: Any) -> Tensor:
        penalty, mean, _ = gen_path_regularizer(
            generator, num_batches, self.mean_path_length,
            **{**self.settings, **kwargs})
        self.mean_path_length.copy_(mean)
        return penalty
