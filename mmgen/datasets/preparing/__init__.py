"""From a folder of pictures of any kind to images that a model can take."""
from .prepare import check, prepare
from .report import print_report
from .settings import Settings

__all__ = ['Settings', 'check', 'prepare', 'print_report']
