"""Runs: the runner, its loops, hooks, optimisers, processes and files."""
from .amp import AmpOptimWrapper, convert_to_amp
from .distributed import (MMSeparateDistributedDataParallel, broadcast_buffers,
                          destroy_dist, init_dist)
from .hooks import (CheckpointHook, GenIterTimerHook, GenVisualizationHook,
                    HistoryLimitHook, LiveProgressHook, PGGANFetchDataHook,
                    PickleDataHook, ReportHook)
from .log_processor import GenLogProcessor
from .optim_wrapper_constructor import GenOptimWrapperConstructor
from .pggan_optim_wrapper_constructor import PGGANOptimWrapperConstructor
from .runner import GenRunner
from .schedulers import LinearLrInterval, fill_schedulers
from .singan_optim_wrapper_constructor import \
    SinGANOptimWrapperConstructor
from .signals import EXIT_STOPPED, StopRequest
from .train_loop import GenTrainLoop
from .val_loops import GenTestLoop, GenValLoop

__all__ = [
    'AmpOptimWrapper', 'CheckpointHook', 'EXIT_STOPPED', 'GenIterTimerHook',
    'GenLogProcessor', 'GenOptimWrapperConstructor', 'GenRunner',
    'GenTestLoop', 'GenTrainLoop', 'GenValLoop', 'GenVisualizationHook',
    'HistoryLimitHook', 'LinearLrInterval', 'LiveProgressHook',
    'MMSeparateDistributedDataParallel', 'PGGANFetchDataHook',
    'PGGANOptimWrapperConstructor', 'PickleDataHook', 'ReportHook',
    'SinGANOptimWrapperConstructor', 'StopRequest', 'broadcast_buffers',
    'convert_to_amp', 'destroy_dist', 'fill_schedulers', 'init_dist'
]
