"""A run's report: one page with its curves, pictures, events and settings."""
from .metrics import MetricRules
from .page import write_page
from .run import Run, read_run

__all__ = ['MetricRules', 'Run', 'read_run', 'write_page']
