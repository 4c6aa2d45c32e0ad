"""From samples to a batch."""
from collections.abc import Sequence

from mmengine.registry import FUNCTIONS
from torch import Tensor
from torch.utils.data import default_collate


@FUNCTIONS.register_module(name='stack_collate')
def stack_collate(batch: Sequence[dict]) -> dict:
    """Stack the inputs of a batch, keep the data samples as a list.

    Tensors of one shape and type become one tensor ``[N, ...]``, written in a
    worker straight into shared memory, so that a batch crosses to the main
    process as one handle. Anything else becomes a list.

    Args:
        batch: What the dataset gave: ``dict(inputs=..., data_samples=...)``,
            the inputs a tensor or a dict of them.

    Returns:
        A dict with the same keys.
    """
    return {
        key: _stack([sample[key] for sample in batch])
        if key == 'inputs' else [sample[key] for sample in batch]
        for key in batch[0]
    }


def _stack(values: list) -> Tensor | dict | list:
    first = values[0]
    if isinstance(first, dict):
        return {key: _stack([value[key] for value in values])
                for key in first}
    if isinstance(first, Tensor) and all(
            isinstance(value, Tensor) and value.shape == first.shape
            and value.dtype == first.dtype for value in values):
        return default_collate(values)
    return values
