"""Turn results into what a model takes."""
from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmgen.registry import TRANSFORMS
from mmgen.structures import GenDataSample


@TRANSFORMS.register_module(name=['PackGenInputs', 'PackClsInputs'])
class PackGenInputs(BaseTransform):
    """Pack images into ``inputs`` and what is known about them besides.

    The output is ``dict(inputs=dict(key=Tensor, ...), data_samples=...)``.
    Images, arrays of two or three axes, keep their dtype and become
    ``[C, H, W]`` (grey ones ``[1, H, W]``); other arrays stay as they are.
    ``gt_label``, where there is one, becomes the data sample's label.

    Args:
        keys: What goes into ``inputs``.
        pack_all: Everything but the label and the metainfo goes into
            ``inputs``, whatever ``keys`` says.
        meta_keys: What goes into the data sample's metainfo if it is there;
            None for the path and the index of the sample.
    """

    def __init__(self,
                 keys: str | Sequence[str] = 'img',
                 pack_all: bool = False,
                 meta_keys: str | Sequence[str] | None = None):
        self.keys = [keys] if isinstance(keys, str) else list(keys)
        self.pack_all = pack_all
        if meta_keys is None:
            meta_keys = ['sample_idx', *(f'{key}_path' for key in self.keys)]
        self.meta_keys = [meta_keys] if isinstance(meta_keys,
                                                   str) else list(meta_keys)

    def transform(self, results: dict) -> dict:
        metainfo = {
            key: results[key]
            for key in self.meta_keys if key in results
        }
        sample = GenDataSample(metainfo=metainfo)
        if 'gt_label' in results:
            sample.set_gt_label(results['gt_label'])
        inputs = {key: self._value(results, key)
                  for key in self._input_keys(results)}
        return dict(inputs=inputs, data_samples=sample)

    def _input_keys(self, results: dict) -> list[str]:
        if not self.pack_all:
            return self.keys
        return [key for key in results
                if key != 'gt_label' and key not in self.meta_keys]

    @staticmethod
    def _value(results: dict, key: str) -> object:
        if key not in results:
            raise KeyError(
                f'PackGenInputs: no {key} in the results, they have '
                f'{", ".join(results)}. Does the key of the loading '
                'transform agree with keys?')
        value = results[key]
        return _to_tensor(value) if isinstance(value, np.ndarray) else value


def _to_tensor(array: np.ndarray) -> torch.Tensor:
    if array.ndim == 2:
        array = array[None]
    elif array.ndim == 3:
        array = array.transpose(2, 0, 1)
    # Flipping leaves negative strides, which torch does not take.
    return torch.from_numpy(np.ascontiguousarray(array))
