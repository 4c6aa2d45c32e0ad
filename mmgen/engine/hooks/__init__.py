"""What happens between iterations, one file per hook."""
from .checkpoint_hook import CheckpointHook
from .history_limit_hook import HistoryLimitHook
from .iter_timer_hook import GenIterTimerHook
from .live_progress_hook import LiveProgressHook
from .pggan_fetch_data_hook import PGGANFetchDataHook
from .pickle_data_hook import PickleDataHook
from .report_hook import ReportHook
from .visualization_hook import GenVisualizationHook

__all__ = [
    'CheckpointHook', 'GenIterTimerHook', 'GenVisualizationHook',
    'HistoryLimitHook', 'LiveProgressHook', 'PGGANFetchDataHook',
    'PickleDataHook', 'ReportHook'
]
