"""Mixed precision: an optimiser wrapper, and ``--amp`` for any config."""
import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper as MMEngineAmpOptimWrapper
from mmengine.optim import OptimWrapper
from torch import nn

from mmgen.registry import OPTIM_WRAPPERS

AMP_DTYPES = {
    'float16': torch.float16,
    'bfloat16': torch.bfloat16,
    # Autocast switched off: to compare with, without another config.
    'float32': torch.float32,
}


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(MMEngineAmpOptimWrapper):
    """Optimiser wrapper with autocast and loss scaling, on GPU and CPU.

    MMEngine's wrapper refuses the CPU; this one does not, so mixed precision
    can be tested without a GPU. Loss scaling keeps small float16 gradients
    from becoming zero. bfloat16 has the range of float32 and needs none, so
    with it ``loss_scale`` has no effect.

    Args:
        loss_scale: ``'dynamic'``, a fixed number, or the keywords of
            :class:`torch.amp.GradScaler`.
        dtype: What autocast computes in: ``'float16'``, ``'bfloat16'`` or
            ``'float32'`` (autocast off). Without it float16 on a GPU and
            bfloat16 on a CPU.
        use_fsdp: Known from MMEngine; only False is possible, since sharded
            parameters cannot be differentiated twice.
        **kwargs: ``optimizer``, ``accumulative_counts``, ``clip_grad``.
    """

    def __init__(self,
                 loss_scale: str | float | dict = 'dynamic',
                 dtype: str | torch.dtype | None = None,
                 use_fsdp: bool = False,
                 **kwargs) -> None:
        if use_fsdp:
            raise ValueError(
                'AmpOptimWrapper: use_fsdp=True, but FSDP cannot do the double '
                'backward of gradient penalties. Set use_fsdp=False and train '
                'with MMSeparateDistributedDataParallel.')
        # Past MMEngine's own __init__, which refuses the CPU.
        OptimWrapper.__init__(self, **kwargs)
        parameter = self.optimizer.param_groups[0]['params'][0]
        self.device_type = parameter.device.type
        self.cast_dtype = _amp_dtype(dtype, self.device_type)
        if self.device_type == 'cpu' and self.cast_dtype != torch.float32:
            _say_if_emulated()
        # A fixed scale is set again after each step; None lets it adapt.
        self._scale_update_param = None
        if loss_scale == 'dynamic':
            scaler_cfg = {}
        elif isinstance(loss_scale, dict):
            scaler_cfg = dict(loss_scale)
        elif isinstance(loss_scale,
                        (int, float)) and not isinstance(loss_scale, bool):
            self._scale_update_param = float(loss_scale)
            scaler_cfg = dict(init_scale=float(loss_scale))
        else:
            raise TypeError(
                f'AmpOptimWrapper: loss_scale={loss_scale!r}, expected '
                '"dynamic", a number or a dict of the keywords of '
                'torch.amp.GradScaler.')
        scaler_cfg.setdefault('enabled', self.cast_dtype == torch.float16)
        self.loss_scaler = torch.amp.GradScaler(self.device_type, **scaler_cfg)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast; and no gradient synchronisation while accumulating."""
        autocast = torch.autocast(
            self.device_type,
            dtype=self.cast_dtype,
            enabled=self.cast_dtype != torch.float32)
        with OptimWrapper.optim_context(self, model), autocast:
            yield

    def load_state_dict(self, state_dict: dict) -> None:
        """Load the state of the optimiser and, if it has one, of the scaler.

        A run with bfloat16 saves an empty scaler: continued in float16, it
        starts with the configured scale.
        """
        state_dict = dict(state_dict)
        if not state_dict.get('loss_scaler'):
            state_dict.pop('loss_scaler', None)
        super().load_state_dict(state_dict)


def _amp_dtype(dtype: str | torch.dtype | None,
               device_type: str) -> torch.dtype:
    if dtype is None:
        dtype = 'bfloat16' if device_type == 'cpu' else 'float16'
    if isinstance(dtype, torch.dtype):
        dtype = str(dtype).removeprefix('torch.')
    if dtype not in AMP_DTYPES:
        raise ValueError(f'AmpOptimWrapper: dtype={dtype!r}, expected one of '
                         f'{", ".join(AMP_DTYPES)}.')
    return AMP_DTYPES[dtype]


@cache
def _say_if_emulated() -> None:
    """Say once where half precision is computed in software."""
    if torch.backends.cpu.get_cpu_capability() in ('DEFAULT', 'AVX2'):
        print_log(
            'AmpOptimWrapper: this CPU has no instructions for half '
            'precision. Mixed precision gives the right numbers, but is '
            'slower than float32: use it for tests only.',
            logger='current',
            level=logging.WARNING)


def convert_to_amp(optim_wrapper: dict, dtype: str | None = None) -> dict:
    """The ``optim_wrapper`` of a config with mixed precision in each wrapper.

    Args:
        optim_wrapper: One wrapper, or several by sub-module beside a
            ``constructor`` and whatever else that constructor takes.
        dtype: As in :class:`AmpOptimWrapper`; None keeps what the config
            says.

    Returns:
        The converted copy.

    Raises:
        ValueError: A wrapper is of a type that has no mixed precision form,
            or there is no wrapper at all.
    """
    cfg = copy.deepcopy(optim_wrapper)
    if _is_wrapper(cfg):
        _to_amp(cfg, 'optim_wrapper', dtype)
        return cfg
    names = [name for name, value in cfg.items() if _is_wrapper(value)]
    if not names:
        raise ValueError(
            '--amp: optim_wrapper has no wrapper to convert; got the keys '
            f'{", ".join(cfg) or "(none)"}. Expected dict(optimizer=...) or '
            'one such dict per sub-module.')
    for name in names:
        _to_amp(cfg[name], name, dtype)
    return cfg


def _is_wrapper(value: object) -> bool:
    return isinstance(value, OptimWrapper) or (isinstance(value, dict)
                                               and 'optimizer' in value)


def _to_amp(wrapper: dict | OptimWrapper, name: str,
            dtype: str | None) -> None:
    if isinstance(wrapper, OptimWrapper):
        raise ValueError(
            f'--amp: {name} is an {type(wrapper).__name__} that is already '
            'built. Give its config, or build it as AmpOptimWrapper.')
    given = wrapper.get('type', 'OptimWrapper')
    type_name = given if isinstance(given, str) else given.__name__
    if type_name.split('.')[-1] not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ValueError(
            f'--amp: {name} uses the optimizer wrapper {type_name}, which has '
            'no mixed precision form. Use OptimWrapper or AmpOptimWrapper '
            'there, or train without --amp.')
    wrapper['type'] = 'AmpOptimWrapper'
    if dtype is not None:
        wrapper['dtype'] = dtype
