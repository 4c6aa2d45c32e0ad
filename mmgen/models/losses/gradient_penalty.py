"""Penalties on the gradient of the discriminator with respect to its input.

All of them run outside autocast and in full precision: a gradient of an
unscaled half-precision output can underflow. They are never compiled.
"""
from collections.abc import Callable

import torch
from torch import Tensor

from mmgen.models.losses.loss_from_outputs import (LazyLossFromOutputs,
                                                   LossFromOutputs)
from mmgen.ops.precision import explicit_precision, full_precision
from mmgen.ops.second_derivative import as_written
from mmgen.registry import MODULES

NORM_MODES = ('pixel', 'HWC')


def gradient_penalty_loss(discriminator: Callable[[Tensor], Tensor],
                          real_data: Tensor,
                          fake_data: Tensor,
                          mask: Tensor | None = None,
                          norm_mode: str = 'pixel',
                          weight: float = 1.0) -> Tensor:
    """WGAN-GP's penalty: ``(|grad D(x)| - 1)^2`` between real and fake.

    ``x = alpha * real + (1 - alpha) * fake`` with one ``alpha``, uniform in
    [0, 1), for each image.

    Args:
        discriminator: Images to logits. For a conditional one, a function
            that knows the labels.
        real_data: ``[N, C, H, W]``.
        fake_data: ``[N, C, H, W]``.
        mask: Factor of the gradient, broadcast to the images; the penalty is
            divided by its mean.
        norm_mode: ``'pixel'`` takes the norm over the channels of each pixel
            and then the mean over pixels; ``'HWC'``, the paper's, the norm of
            each image.
        weight: Factor of the penalty.

    Returns:
        A scalar.

    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3.
    """
    with explicit_precision(real_data):
        real = full_precision(real_data.detach())
        fake = full_precision(fake_data.detach())
        alpha = torch.rand(
            len(real), *(1, ) * (real.ndim - 1), device=real.device)
        mixed = alpha * real + (1 - alpha) * fake
        gradient = _input_gradient(discriminator, mixed, mask)
        norm = _squared_norm(gradient, norm_mode).sqrt()
        return _over_mask((norm - 1).square().mean(), mask) * weight


def r1_gradient_penalty_loss(discriminator: Callable[[Tensor], Tensor],
                             real_data: Tensor,
                             mask: Tensor | None = None,
                             norm_mode: str = 'pixel',
                             weight: float = 1.0) -> Tensor:
    """R1: ``|grad D(x)|^2`` at real images.

    The paper's ``gamma / 2`` belongs into ``weight``. The arguments are those
    of `gradient_penalty_loss`.

    Returns:
        A scalar.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9.
    """
    return _squared_gradient(discriminator, real_data, mask, norm_mode, weight)


def r2_gradient_penalty_loss(discriminator: Callable[[Tensor], Tensor],
                             fake_data: Tensor,
                             mask: Tensor | None = None,
                             norm_mode: str = 'pixel',
                             weight: float = 1.0) -> Tensor:
    """R2: ``|grad D(x)|^2`` at generated images.

    The paper's ``gamma / 2`` belongs into ``weight``. The arguments are those
    of `gradient_penalty_loss`.

    Returns:
        A scalar.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 10.
    """
    return _squared_gradient(discriminator, fake_data, mask, norm_mode, weight)


def _squared_gradient(discriminator: Callable[[Tensor], Tensor],
                      images: Tensor, mask: Tensor | None, norm_mode: str,
                      weight: float) -> Tensor:
    """``|grad D(x)|^2`` at ``images``."""
    with explicit_precision(images):
        gradient = _input_gradient(
            discriminator, full_precision(images.detach()), mask)
        penalty = _squared_norm(gradient, norm_mode).mean()
        return _over_mask(penalty, mask) * weight


def _input_gradient(discriminator: Callable[[Tensor], Tensor], images: Tensor,
                    mask: Tensor | None) -> Tensor:
    """Gradient of the sum of the logits, ``[N, C, H, W]``, times the mask.

    An image's logit does not depend on other images (but for a batch
    statistic), so the sum gives each image's own gradient.
    """
    images = images.requires_grad_(True)
    with as_written():
        logits = discriminator(images)
    gradient, = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient if mask is None else gradient * mask


def _squared_norm(gradient: Tensor, norm_mode: str) -> Tensor:
    """Squared length of each pixel's or each image's gradient."""
    if norm_mode == 'pixel':
        return gradient.square().sum(1)
    if norm_mode == 'HWC':
        return gradient.square().flatten(1).sum(1)
    raise ValueError(f"gradient penalty: norm_mode={norm_mode!r}, expected "
                     "'pixel' or 'HWC'.")


def _over_mask(penalty: Tensor, mask: Tensor | None) -> Tensor:
    """The penalty per covered pixel."""
    return penalty if mask is None else penalty / mask.mean()


@MODULES.register_module()
class GradientPenaltyLoss(LossFromOutputs):
    """`gradient_penalty_loss` as a module.

    Args:
        loss_weight: Factor of the loss.
        norm_mode: See `gradient_penalty_loss`.
        data_info: See `LossFromOutputs`.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 norm_mode: str = 'pixel',
                 data_info: dict[str, str] | None = None,
                 loss_name: str = 'loss_gp') -> None:
        super().__init__(loss_weight, data_info, loss_name)
        self.norm_mode = norm_mode

    def formula(self, *args, **kwargs) -> Tensor:
        return gradient_penalty_loss(
            *args, **{'norm_mode': self.norm_mode, **kwargs})


@MODULES.register_module()
class R1GradientPenalty(LazyLossFromOutputs):
    """`r1_gradient_penalty_loss` as a module.

    Args:
        loss_weight: Factor of the loss.
        norm_mode: See `gradient_penalty_loss`.
        interval: See `LazyLossFromOutputs`.
        data_info: See `LossFromOutputs`.
        use_apex_amp: Only False: apex is not supported.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 norm_mode: str = 'pixel',
                 interval: int = 1,
                 data_info: dict[str, str] | None = None,
                 use_apex_amp: bool = False,
                 loss_name: str = 'loss_r1_gp') -> None:
        super().__init__(loss_weight, data_info, loss_name, interval,
                         use_apex_amp)
        self.norm_mode = norm_mode

    def formula(self, *args, **kwargs) -> Tensor:
        return r1_gradient_penalty_loss(
            *args, **{'norm_mode': self.norm_mode, **kwargs})


@MODULES.register_module()
class R2GradientPenalty(R1GradientPenalty):
    """`r2_gradient_penalty_loss` as a module.

    The arguments are those of `R1GradientPenalty`; ``loss_name`` is
    ``'loss_r2_gp'`` where it is not given.
    """

    def __init__(self, *args, loss_name: str = 'loss_r2_gp',
                 **kwargs) -> None:
        super().__init__(*args, loss_name=loss_name, **kwargs)

    def formula(self, *args, **kwargs) -> Tensor:
        return r2_gradient_penalty_loss(
            *args, **{'norm_mode': self.norm_mode, **kwargs})
