from .amp import AmpOptimWrapper, convert_to_amp
from .distributed import (MMSeparateDistributedDataParallel, broadcast_buffers,
                          destroy_dist, init_dist, unwrap)
from .optim_wrapper_constructor import GenOptimWrapperConstructor
from .schedulers import LinearLrInterval, fill_schedulers
from .signals import EXIT_STOPPED, StopRequest
from .log_processor import GenLogProcessor
from .hooks import (GenIterTimerHook, GenVisualizationHook, HistoryLimitHook,
                    LiveProgressHook, PickleDataHook)
from .train_loop import GenTrainLoop
from .runner import GenRunner
from .val_loops import GenTestLoop, GenValLoop
