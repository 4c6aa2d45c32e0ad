"""How samples become batches: their order, their seeds, their stacking."""
from .collate import stack_collate
from .samplers import ResumableSampler
from .seeded import SeededDataset

__all__ = ['ResumableSampler', 'SeededDataset', 'stack_collate']
