"""Schedules of the learning rate and the momentum, counted in iterations.

GANs are trained by iterations, so here every scheduler of MMEngine has
``by_epoch=False`` unless the config says otherwise. MMEngine's own default
would step once per epoch, of which such a training has only one.
"""
import copy
from collections.abc import Iterable, Sequence

from mmengine.optim import OptimWrapper
from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from mmengine.registry import PARAM_SCHEDULERS as MMENGINE_PARAM_SCHEDULERS
from torch.optim import Optimizer

from mmgen.registry import PARAM_SCHEDULERS
from mmgen.utils.cosine import cosine_ramp


def _counted_in_iterations(scheduler: type[_ParamScheduler]) -> type:
    """The scheduler with ``by_epoch=False`` where the caller is silent."""

    def __init__(self, *args, by_epoch: bool = False, **kwargs) -> None:
        scheduler.__init__(self, *args, by_epoch=by_epoch, **kwargs)

    return type(
        scheduler.__name__, (scheduler, ), {
            '__init__': __init__,
            '__module__': __name__,
            '__doc__': f'{scheduler.__name__} of MMEngine, counted in '
            'iterations unless ``by_epoch=True``.',
        })


def _register_mmengine_schedulers() -> None:
    for name, scheduler in MMENGINE_PARAM_SCHEDULERS.module_dict.items():
        # Those that look at a validation result work per epoch only.
        if not getattr(scheduler, 'need_val_args', False):
            PARAM_SCHEDULERS.register_module(
                name=name, module=_counted_in_iterations(scheduler))


_register_mmengine_schedulers()


@PARAM_SCHEDULERS.register_module()
class LinearLrInterval(LRSchedulerMixin, _ParamScheduler):
    """Learning rate that goes down (or up) a straight staircase.

    Before ``begin`` the optimiser's own rate stands. At iteration ``begin`` it
    becomes ``start_factor``; every ``interval`` iterations it takes a step on
    the line to ``end_factor``, has that value at ``end`` and keeps it.

    Args:
        optimizer: Optimiser or its wrapper. A parameter group with a rate of
            its own (``lr_mult``) keeps its ratio to the optimiser's rate.
        interval: Iterations between two steps.
        start_factor: Learning rate at ``begin``. A rate, not a factor: the
            name is the one that configs use.
        end_factor: Learning rate from ``end`` on.
        begin: First iteration of the schedule.
        end: The iteration at which ``end_factor`` is reached.
        last_step: Steps done since ``begin`` when resuming without a state
            dict, -1 for none.
        by_epoch: Count ``interval``, ``begin`` and ``end`` in epochs.
        verbose: Log every change.
    """

    def __init__(self,
                 optimizer: Optimizer | OptimWrapper,
                 interval: int = 1,
                 *,
                 start_factor: float,
                 end_factor: float,
                 begin: int = 0,
                 end: int,
                 last_step: int = -1,
                 by_epoch: bool = False,
                 verbose: bool = False) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise ValueError(
                f'LinearLrInterval: interval={interval!r}, expected a number '
                'of iterations, 1 or more.')
        for name, rate in (('start_factor', start_factor), ('end_factor',
                                                            end_factor)):
            if rate < 0:
                raise ValueError(
                    f'LinearLrInterval: {name}={rate} is negative; it is the '
                    'learning rate itself, expected 0 or more.')
        if end <= begin:
            raise ValueError(
                f'LinearLrInterval: end={end} is not after begin={begin}. '
                'Without end in the config it is the length of the training '
                '(max_iters).')
        self.interval = interval
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.duration = end - begin
        # MMEngine sets no value at the end itself: its last is at end - 1.
        super().__init__(
            optimizer,
            begin=begin,
            end=end + 1,
            last_step=last_step,
            by_epoch=by_epoch,
            verbose=verbose)

    def _get_value(self) -> list[float]:
        rate = self._rate(self.last_step)
        own_rate = self.optimizer.defaults['lr']
        if own_rate == 0:
            return [rate] * len(self.base_values)
        return [rate * (base / own_rate) for base in self.base_values]

    def _rate(self, step: int) -> float:
        """The learning rate ``step`` iterations after ``begin``."""
        if step >= self.duration:
            return self.end_factor
        done = step // self.interval * self.interval / self.duration
        return self.start_factor * (1 - done) + self.end_factor * done


@PARAM_SCHEDULERS.register_module()
class CosineBeta2(_ParamScheduler):
    """Adam's second beta, along a cosine from its own value to another.

    Args:
        optimizer: Optimiser with ``betas``, or its wrapper.
        end_value: The second beta at ``end`` and later.
        begin: First iteration of the schedule.
        end: The iteration at which ``end_value`` is reached.
        last_step: Steps done since ``begin`` when resuming without a state
            dict, -1 for none.
        by_epoch: Count ``begin`` and ``end`` in epochs.

    Raises:
        ValueError: ``end_value`` is no beta.

    Source: Huang et al. 2024, arXiv:2501.05441.
    """

    def __init__(self,
                 optimizer: Optimizer | OptimWrapper,
                 *,
                 end_value: float,
                 begin: int = 0,
                 end: int,
                 last_step: int = -1,
                 by_epoch: bool = False) -> None:
        if not 0 <= end_value < 1:
            raise ValueError(f'CosineBeta2: end_value={end_value}, expected a '
                             'number in [0, 1).')
        self.end_value = end_value
        self.duration = end - begin
        # As above, MMEngine's last step is at end - 1.
        super().__init__(
            optimizer,
            param_name='betas',
            begin=begin,
            end=end + 1,
            last_step=last_step,
            by_epoch=by_epoch)

    def _get_value(self) -> list[tuple[float, float]]:
        progress = self.last_step / self.duration
        return [(beta1, cosine_ramp(beta2, self.end_value, progress))
                for beta1, beta2 in self.base_values]


SchedulerCfg = dict | Sequence | _ParamScheduler


def fill_schedulers(cfg: SchedulerCfg | None,
                    names: Iterable[str]) -> SchedulerCfg | None:
    """Complete ``param_scheduler`` of a config for optimisers with names.

    An optimiser that a dict of schedulers leaves out gets none, so its rate
    stays. What counts in iterations says so, as MMEngine's runner looks at it
    to choose the default ``end``.

    Args:
        cfg: One scheduler or a list, used for each optimiser; or a dict of
            these, by optimiser.
        names: The names of the optimisers, as in ``optim_wrapper``.

    Returns:
        The completed copy, None for None.

    Raises:
        ValueError: There is no optimiser of a name in the dict.
    """
    if not isinstance(cfg, dict) or 'type' in cfg:
        return _say_by_epoch(cfg)
    names = list(names)
    unknown = [name for name in cfg if name not in names]
    if unknown:
        raise ValueError(
            f'param_scheduler: there is no optimizer "{unknown[0]}"; '
            f'optim_wrapper has {", ".join(names)}. Use these names, or one '
            'scheduler (or a list) for all.')
    return {name: _say_by_epoch(cfg.get(name, [])) for name in names}


def _say_by_epoch(cfg: SchedulerCfg | None) -> SchedulerCfg | None:
    """Write ``by_epoch=False`` where mmgen's default is meant."""
    if isinstance(cfg, (list, tuple)):
        return [_say_by_epoch(item) for item in cfg]
    if not isinstance(cfg, dict):
        return cfg
    cfg = copy.deepcopy(cfg)
    # What is not in mmgen's own table keeps its own default.
    if cfg.get('type') in PARAM_SCHEDULERS.module_dict and not cfg.get(
            'convert_to_iter_based', False):
        cfg.setdefault('by_epoch', False)
    return cfg
