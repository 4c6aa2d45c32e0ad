"""How samples become batches: their order, their seeds, their stacking."""
from mmgen.datasets.loading.collate import stack_collate
from mmgen.datasets.loading.samplers import ResumableSampler
from mmgen.datasets.loading.seeded import SeededDataset

__all__ = ['ResumableSampler', 'SeededDataset', 'stack_collate']
