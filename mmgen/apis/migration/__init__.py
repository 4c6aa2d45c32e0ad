"""Configs and checkpoints of earlier versions, as mmgen's."""
from .checkpoint import migrate_checkpoint
from .config import migrate_config
from .report import ALL_DONE, MUST_LOOK, REFUSED, Report

__all__ = [
    'ALL_DONE', 'MUST_LOOK', 'REFUSED', 'Report', 'migrate_checkpoint',
    'migrate_config'
]
