"""Losses of diffusion models: likelihoods, and what improved DDPM minimises.

Ho et al. 2020, arXiv:2006.11239, and Nichol and Dhariwal 2021,
arXiv:2102.09672.
"""
import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.models.losses.loss_from_outputs import (LossFromOutputs,
                                                   select_outputs)
from mmgen.models.losses.pixelwise import REDUCTIONS, mse_loss, reduce_loss
from mmgen.ops.precision import full_precision
from mmgen.registry import MODULES

# 'e' for nats, '2' for bits: what a number of nats is divided by.
UNITS = {'e': 1.0, '2': math.log(2)}

# Half a grey level of images in [-1, 1], and where the first and the last
# level begin (Ho et al. 2020, equation 13).
HALF_LEVEL = 1 / 255
EDGE = 0.999
SMALLEST = 1e-12  # no probability is taken for less


def gaussian_kld(mean_target: Tensor,
                 mean_pred: Tensor,
                 logvar_target: Tensor,
                 logvar_pred: Tensor,
                 base: str = 'e',
                 weight: Tensor | float | None = None,
                 reduction: str = 'mean',
                 avg_factor: float | None = None) -> Tensor:
    """KL divergence of two Gaussians, value by value.

    ``KL(N(mean_target, e^logvar_target) || N(mean_pred, e^logvar_pred))``.

    Args:
        mean_target: ``[N, ...]``, as all others.
        mean_pred: The other mean.
        logvar_target: Log of the variance.
        logvar_pred: Log of the other variance.
        base: ``'e'`` for nats, ``'2'`` for bits.
        weight: See `reduce_loss`.
        reduction: See `reduce_loss`.
        avg_factor: See `reduce_loss`.
    """
    mean_target, mean_pred, logvar_target, logvar_pred = map(
        full_precision, (mean_target, mean_pred, logvar_target, logvar_pred))
    more = logvar_target - logvar_pred
    distance = (mean_target - mean_pred).square() * torch.exp(-logvar_pred)
    values = 0.5 * (more.exp() - 1 - more + distance)
    return reduce_loss(
        values / _unit(base), weight, reduction, avg_factor)


def approximate_cdf(x: Tensor) -> Tensor:
    """Distribution function of N(0, 1), with an error below 0.0004.

    Source: Page 1977, "Approximations to the cumulative normal function and
    its inverse for use on a pocket calculator".
    """
    return 0.5 * (1 + torch.tanh(
        math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def discretized_gaussian_log_likelihood(
        x: Tensor,
        mean: Tensor,
        logvar: Tensor,
        base: str = 'e',
        weight: Tensor | float | None = None,
        reduction: str = 'mean',
        avg_factor: float | None = None) -> Tensor:
    """Log probability of a grey level under a Gaussian, value by value.

    A level is the interval of 2/255 around a value; the first and the last
    one have no other end.

    Args:
        x: Images of 256 grey levels, [-1, 1], ``[N, ...]`` as all others.
        mean: Of the Gaussian.
        logvar: Log of its variance.
        base: ``'e'`` for nats, ``'2'`` for bits.
        weight: See `reduce_loss`.
        reduction: See `reduce_loss`.
        avg_factor: See `reduce_loss`.

    Source: Ho et al. 2020, arXiv:2006.11239, equation 13.
    """
    x, mean, logvar = map(full_precision, (x, mean, logvar))
    scale = torch.exp(-0.5 * logvar)
    below_upper = approximate_cdf(scale * (x - mean + HALF_LEVEL))
    below_lower = approximate_cdf(scale * (x - mean - HALF_LEVEL))
    probability = torch.where(
        x < -EDGE, below_upper,
        torch.where(x > EDGE, 1 - below_lower, below_upper - below_lower))
    values = probability.clamp(min=SMALLEST).log()
    return reduce_loss(values / _unit(base), weight, reduction, avg_factor)


def _unit(base: str) -> float:
    """What nats are divided by."""
    if str(base) not in UNITS:
        raise ValueError(f"loss: base={base!r}, expected 'e' or '2'.")
    return UNITS[str(base)]


class GaussianLoss(LossFromOutputs):
    """Base of the two functions above as modules.

    Args:
        loss_weight: Factor of the loss.
        reduction: See `reduce_loss`.
        avg_factor: See `reduce_loss`.
        data_info: See `LossFromOutputs`.
        base: ``'e'`` for nats, ``'2'`` for bits.
        only_update_var: Whether the predicted mean gets no gradient (Nichol
            and Dhariwal 2021, section 3.1).
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self, loss_weight: float, reduction: str,
                 avg_factor: float | None, data_info: dict[str, str] | None,
                 base: str, only_update_var: bool, loss_name: str) -> None:
        super().__init__(loss_weight, data_info, loss_name)
        _unit(base)
        self.only_update_var = only_update_var
        self.settings = dict(
            base=base, reduction=reduction, avg_factor=avg_factor)

    def for_var(self, mean: Tensor) -> Tensor:
        """The predicted mean as the loss may see it."""
        return mean.detach() if self.only_update_var else mean


@MODULES.register_module()
class GaussianKLDLoss(GaussianLoss):
    """`gaussian_kld` as a module; see `GaussianLoss`."""

    def __init__(self,
                 loss_weight: float = 1.0,
                 reduction: str = 'mean',
                 avg_factor: float | None = None,
                 data_info: dict[str, str] | None = None,
                 base: str = 'e',
                 only_update_var: bool = False,
                 loss_name: str = 'loss_GaussianKLD') -> None:
        super().__init__(loss_weight, reduction, avg_factor, data_info, base,
                         only_update_var, loss_name)

    def formula(self, mean_target: Tensor, mean_pred: Tensor,
                logvar_target: Tensor, logvar_pred: Tensor,
                **kwargs: Any) -> Tensor:
        return gaussian_kld(
            mean_target, self.for_var(mean_pred), logvar_target, logvar_pred,
            **{**self.settings, **kwargs})


@MODULES.register_module()
class DiscretizedGaussianLogLikelihoodLoss(GaussianLoss):
    """`discretized_gaussian_log_likelihood` as a module; see `GaussianLoss`.

    A likelihood is to be large: it needs a negative ``loss_weight``.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 reduction: str = 'mean',
                 avg_factor: float | None = None,
                 data_info: dict[str, str] | None = None,
                 base: str = 'e',
                 only_update_var: bool = False,
                 loss_name: str = 'loss_DiscGaussianLogLikelihood') -> None:
        super().__init__(loss_weight, reduction, avg_factor, data_info, base,
                         only_update_var, loss_name)

    def formula(self, x: Tensor, mean: Tensor, logvar: Tensor,
                **kwargs: Any) -> Tensor:
        return discretized_gaussian_log_likelihood(
            x, self.for_var(mean), logvar, **{**self.settings, **kwargs})


class DDPMLoss(nn.Module):
    """A loss for each image of a batch, each at a timestep of its own.

    Called with the outputs of a training step, which hold ``timesteps``
    ``[N]``.

    Args:
        rescale_mode: None; ``'constant'``, a factor for all; or
            ``'timestep_weight'``, one for each timestep.
        rescale_cfg: ``scale``, a factor in both modes.
        sampler: The sampler of the timesteps, whose attribute ``weight`` is
            taken where ``weight`` is not given.
        weight: The factor of each timestep, ``[T]``.
        log_cfgs: What else to log, a dict or several: ``type='quartile'``,
            the mean over each quarter of ``total_timesteps``, named after
            ``prefix_name``; or ``type='name'``, the mean of all, as
            ``prefix_name`` or, as it is anyway, as ``loss_name``.
        reduction: ``'mean'``, ``'batchmean'`` or ``'flatmean'``, the mean of
            the images' losses; ``'sum'``, or ``'none'``.
        loss_name: Key of the loss in the log; it begins with ``loss``.

    Raises:
        ValueError: An unknown mode, reduction or kind of log, or no weight.
    """

    def __init__(self, rescale_mode: str | None, rescale_cfg: dict | None,
                 sampler: object | None,
                 weight: Tensor | Sequence[float] | None,
                 log_cfgs: dict | Sequence[dict] | None, reduction: str,
                 loss_name: str) -> None:
        super().__init__()
        owner = type(self).__name__
        if rescale_mode not in (None, 'constant', 'timestep_weight'):
            raise ValueError(
                f'{owner}: rescale_mode={rescale_mode!r}, expected '
                "'constant', 'timestep_weight' or None.")
        if reduction not in REDUCTIONS:
            raise ValueError(
                f'{owner}: reduction={reduction!r}, expected one of '
                f'{", ".join(map(repr, REDUCTIONS))}.')
        if isinstance(log_cfgs, dict):
            log_cfgs = [log_cfgs]
        self.log_cfgs = list(log_cfgs or [])
        for cfg in self.log_cfgs:
            if cfg.get('type') not in ('quartile', 'name'):
                raise ValueError(
                    f'{owner}: log_cfgs has type={cfg.get("type")!r}, '
                    "expected 'quartile' or 'name'.")
        self.scale = (rescale_cfg or {}).get('scale', 1.0) \
            if rescale_mode else 1.0
        self.reduction = reduction
        self.loss_name = loss_name
        if rescale_mode == 'timestep_weight':
            weight = getattr(sampler, 'weight', None) \
                if weight is None else weight
            if weight is None:
                raise ValueError(
                    f"{owner}: rescale_mode='timestep_weight' needs weight, "
                    'or a sampler that has one.')
            weight = torch.as_tensor(weight, dtype=torch.float32)
        else:
            weight = None
        self.register_buffer('weight', weight, persistent=False)

    @abstractmethod
    def image_losses(self, outputs: dict[str, Tensor]) -> Tensor:
        """The loss of each image before it is rescaled, ``[N]``."""

    def forward(self, outputs: dict[str, Tensor]) -> Tensor:
        """The loss; see the class."""
        losses = self.rescaled_losses(outputs)
        if self.reduction == 'none':
            return losses
        return losses.sum() if self.reduction == 'sum' else losses.mean()

    def rescaled_losses(self, outputs: dict[str, Tensor]) -> Tensor:
        """The loss of each image, ``[N]``."""
        losses = self.image_losses(outputs) * self.scale
        if self.weight is not None:
            losses = losses * self.weight[outputs['timesteps']]
        return losses

    @torch.no_grad()
    def logs(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """What ``log_cfgs`` asks for; no entry for a quarter without images."""
        if not self.log_cfgs:
            return {}
        losses, log = self.rescaled_losses(outputs), {}
        for cfg in self.log_cfgs:
            if cfg['type'] == 'name':
                name = cfg.get('prefix_name', self.loss_name)
                log[name] = losses.mean()
                continue
            quarters = 4 * outputs['timesteps'] // cfg['total_timesteps']
            for quarter in quarters.unique().tolist():
                name = f'{cfg["prefix_name"]}_quartile_{quarter}'
                log[name] = losses[quarters == quarter].mean()
        return log


@MODULES.register_module()
class DDPMVLBLoss(DDPMLoss):
    """One term of the variational bound for each image, in bits for each value.

    Step 0: the negative log likelihood of the image; all others: the
    divergence of the predicted step from the true one. The predicted mean gets
    no gradient: it is what the other loss of the hybrid is for.

    Args:
        data_info: Argument of `gaussian_kld` -> key in the outputs; None for
            the usual names.
        data_info_t_0: The same for `discretized_gaussian_log_likelihood`.

    The other arguments are those of `DDPMLoss`.

    Source: Nichol and Dhariwal 2021, arXiv:2102.09672, equations 4 to 6, and
    section 3.1 for the gradient.
    """

    def __init__(self,
                 rescale_mode: str | None = None,
                 rescale_cfg: dict | None = None,
                 sampler: object | None = None,
                 weight: Tensor | Sequence[float] | None = None,
                 data_info: dict[str, str] | None = None,
                 data_info_t_0: dict[str, str] | None = None,
                 log_cfgs: dict | Sequence[dict] | None = None,
                 reduction: str = 'mean',
                 loss_name: str = 'loss_ddpm_vlb') -> None:
        super().__init__(rescale_mode, rescale_cfg, sampler, weight, log_cfgs,
                         reduction, loss_name)
        in_bits = dict(base='2', reduction='flatmean', only_update_var=True)
        self.divergence = GaussianKLDLoss(
            data_info=data_info or dict(
                mean_pred='mean_pred',
                mean_target='mean_posterior',
                logvar_pred='logvar_pred',
                logvar_target='logvar_posterior'),
            **in_bits)
        self.negative_likelihood = DiscretizedGaussianLogLikelihoodLoss(
            loss_weight=-1.0,
            data_info=data_info_t_0 or dict(
                x='real_imgs', mean='mean_pred', logvar='logvar_pred'),
            **in_bits)

    def image_losses(self, outputs: dict[str, Tensor]) -> Tensor:
        # Both for all images: choosing images would stall an accelerator.
        return torch.where(outputs['timesteps'] == 0,
                           self.negative_likelihood(outputs),
                           self.divergence(outputs))


@MODULES.register_module()
class DDPMMSELoss(DDPMLoss):
    """Mean squared error of each image's prediction.

    Args:
        data_info: ``pred`` and ``target`` -> keys in the outputs; None for
            the noise.

    The other arguments are those of `DDPMLoss`.

    Source: Ho et al. 2020, arXiv:2006.11239, equation 14.
    """

    def __init__(self,
                 rescale_mode: str | None = None,
                 rescale_cfg: dict | None = None,
                 sampler: object | None = None,
                 weight: Tensor | Sequence[float] | None = None,
                 log_cfgs: dict | Sequence[dict] | None = None,
                 reduction: str = 'mean',
                 data_info: dict[str, str] | None = None,
                 loss_name: str = 'loss_ddpm_mse') -> None:
        super().__init__(rescale_mode, rescale_cfg, sampler, weight, log_cfgs,
                         reduction, loss_name)
        self.data_info = data_info or dict(pred='eps_t_pred', target='noise')

    def image_losses(self, outputs: dict[str, Tensor]) -> Tensor:
        found = select_outputs(
            outputs, self.data_info, owner=type(self).__name__)
        return mse_loss(
            **{key: full_precision(value) for key, value in found.items()},
            reduction='flatmean')
