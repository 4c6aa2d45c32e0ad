"""Configs and checkpoints of earlier versions, as mmgen's."""
from .checkpoint import (is_of_0x, migrate_checkpoint, migrate_state_dict)
from .config import migrate_config
from .report import ALL_DONE, MUST_LOOK, REFUSED, Report

__all__ = [
    'ALL_DONE', 'MUST_LOOK', 'REFUSED', 'Report', 'is_of_0x',
    'migrate_checkpoint', 'migrate_config', 'migrate_state_dict'
]
