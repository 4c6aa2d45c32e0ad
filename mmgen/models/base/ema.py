"""Running averages of a generator's weights.

The averaged generator gives the better pictures (Yazici et al. 2018,
arXiv:1806.04498).
"""
from copy import deepcopy

import torch
from mmengine.logging import print_log
from mmengine.model import BaseAveragedModel
from torch import Tensor, nn

from mmgen.registry import MODELS
from mmgen.utils.cosine import cosine_ramp


def _small_momentum(momentum: float) -> float:
    """The share of the new weights in an update.

    1.x configs wrote the decay (0.9999) where the share (0.0001) was meant,
    so a value above one half is read as a decay.

    Raises:
        ValueError: The momentum is outside of (0, 1).
    """
    if not 0 < momentum < 1:
        raise ValueError(
            f'ExponentialMovingAverage: momentum={momentum} is outside of '
            '(0, 1). It is the share of the new weights in an update, '
            'for example 0.001.')
    if momentum <= 0.5:
        return momentum
    small = round(1 - momentum, 12)
    print_log(
        f'ExponentialMovingAverage: momentum={momentum} is read as the decay. '
        f'Write momentum={small:g}, the share of the new weights, instead.',
        logger='current',
        level=30)
    return small


def build_average(ema_config: dict,
                  network: nn.Module) -> tuple[nn.Module, int]:
    """The average of a network.

    Args:
        ema_config: Its config, without a ``type`` that of an
            `ExponentialMovingAverage`; and ``start_iter``.
        network: The network.

    Returns:
        The average, and ``start_iter`` for `update_average`.
    """
    ema_config = {'type': 'ExponentialMovingAverage', **deepcopy(ema_config)}
    start = ema_config.pop('start_iter', 0)
    return MODELS.build(ema_config, default_args=dict(model=network)), start


def update_average(average: nn.Module, network: nn.Module, updates: int,
                   start: int) -> None:
    """Take the network into its average, or copy it before the start.

    Args:
        average: Changed in place.
        network: The network.
        updates: Its updates so far.
        start: The first of them that is averaged.
    """
    if updates < start:
        average.copy_weights(network)
    else:
        average.update_parameters(network)


@MODELS.register_module()
class ExponentialMovingAverage(BaseAveragedModel):
    """``average = (1 - momentum) * average + momentum * weights``.

    The first update copies the weights. Entries that are not floating point
    are always copied.

    Args:
        model: The network to average; it is copied.
        momentum: Share of the new weights, in (0, 0.5]. A larger number is
            taken for the decay ``1 - momentum``, with a warning.
        interval: Updates between two changes of the average.
        device: Where the average lives; None for the device of ``model``.
        update_buffers: Average the buffers too, else they are copied.

    Raises:
        ValueError: ``momentum`` is outside of (0, 1).
    """

    def __init__(self,
                 model: nn.Module,
                 momentum: float = 0.0002,
                 interval: int = 1,
                 device: torch.device | None = None,
                 update_buffers: bool = False) -> None:
        super().__init__(model, interval, device, update_buffers)
        self.momentum = _small_momentum(momentum)

    def current_momentum(self) -> float:
        """Share of the new weights in the next update."""
        return self.momentum

    def avg_func(self, averaged_param: Tensor, source_param: Tensor,
                 steps: int) -> None:
        """Move one entry towards the new weights."""
        averaged_param.lerp_(source_param, self.current_momentum())

    @torch.no_grad()
    def copy_weights(self, model: nn.Module) -> None:
        """Make the average equal to ``model``, without counting an update."""
        averaged, source = self._entries(model)
        torch._foreach_copy_(averaged, source)

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take the weights of ``model`` into the average."""
        if self.steps == 0:
            self.copy_weights(model)
        elif self.steps % self.interval == 0:
            self._average(model)
        self.steps += 1

    def _entries(self, model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
        """All parameters and buffers: of the average, of ``model``."""
        averaged, source = (
            [*net.parameters(), *net.buffers()] for net in (self.module, model))
        return averaged, source

    def _average(self, model: nn.Module) -> None:
        """One update; a single fused call for all floating-point entries."""
        averaged, source = self._entries(model)
        num_params = len(list(self.module.parameters()))
        moving = [
            index for index, entry in enumerate(averaged)
            if entry.is_floating_point() and (
                index < num_params or self.update_buffers)
        ]
        copied = sorted(set(range(len(averaged))) - set(moving))
        if moving:
            new = [source[i].to(averaged[i]) for i in moving]
            torch._foreach_lerp_([averaged[i] for i in moving], new,
                                 self.current_momentum())
        if copied:
            torch._foreach_copy_([averaged[i] for i in copied],
                                 [source[i] for i in copied])


@MODELS.register_module()
class RampUpEMA(ExponentialMovingAverage):
    """A moving average whose half-life grows with the training.

    The half-life is ``ema_kimg`` thousand images, at the start no more than
    ``ema_rampup`` times the images shown so far, so that the first, bad
    weights are forgotten soon:
    ``decay = 0.5 ** (batch_size / half_life)``.

    Args:
        model: The network to average; it is copied.
        interval: Updates between two changes of the average.
        ema_kimg: Half-life in thousands of images.
        ema_rampup: Largest half-life as a share of the images shown so far;
            None for no ramp.
        batch_size: Images in an update, over all processes.
        eps: Lower bound of the half-life in images.
        start_iter: Update at which the ramp begins.
        device: Where the average lives; None for the device of ``model``.
        update_buffers: Average the buffers too, else they are copied.

    Source: Karras et al. 2020, arXiv:2006.06676, appendix C; the ramp is in
    the authors' training settings. 1.x used the decay as the momentum.
    """

    def __init__(self,
                 model: nn.Module,
                 interval: int = 1,
                 ema_kimg: float = 10,
                 ema_rampup: float | None = 0.05,
                 batch_size: int = 32,
                 eps: float = 1e-8,
                 start_iter: int = 0,
                 device: torch.device | None = None,
                 update_buffers: bool = False) -> None:
        super().__init__(
            model,
            interval=interval,
            device=device,
            update_buffers=update_buffers)
        self.ema_kimg = ema_kimg
        self.ema_rampup = ema_rampup
        self.batch_size = batch_size
        self.eps = eps
        self.start_iter = start_iter

    def current_momentum(self) -> float:
        """Share of the new weights in the next update."""
        shown = (int(self.steps) - self.start_iter) * self.batch_size
        half_life = max(self.half_life(shown), self.eps)
        return 1 - 0.5**(self.batch_size / half_life)

    def half_life(self, shown: int) -> float:
        """Half-life in images after ``shown`` images."""
        half_life = self.ema_kimg * 1000
        if self.ema_rampup is not None:
            half_life = min(half_life, shown * self.ema_rampup)
        return half_life


@MODELS.register_module()
class CosineRampEMA(RampUpEMA):
    """A moving average whose half-life grows from 0 along a cosine.

    Args:
        model: The network to average; it is copied.
        ema_kimg: Half-life at the end, in thousands of images.
        ramp_kimg: Thousands of images until then.
        batch_size: Images in an update, over all processes.
        interval: Updates between two changes of the average.
        device: Where the average lives; None for the device of ``model``.
        update_buffers: Average the buffers too, else they are copied.

    Source: Huang et al. 2024, arXiv:2501.05441.
    """

    def __init__(self,
                 model: nn.Module,
                 ema_kimg: float,
                 ramp_kimg: float,
                 batch_size: int,
                 interval: int = 1,
                 device: torch.device | None = None,
                 update_buffers: bool = False) -> None:
        super().__init__(
            model,
            interval=interval,
            ema_kimg=ema_kimg,
            batch_size=batch_size,
            device=device,
            update_buffers=update_buffers)
        self.ramp_kimg = ramp_kimg

    def half_life(self, shown: int) -> float:
        return 1000 * cosine_ramp(
            0.0, self.ema_kimg, shown / (1000 * self.ramp_kimg))
