"""Mirror images."""
from collections.abc import Sequence

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmgen.registry import TRANSFORMS

_DIRECTIONS = ('horizontal', 'vertical', 'diagonal')


@TRANSFORMS.register_module()
class Flip(BaseTransform):
    """Mirror images at random, all of ``keys`` or none.

    ``flip`` and ``flip_direction`` say what was done.

    Args:
        keys: The images.
        flip_ratio: The probability, 0 to 1.
        direction: ``'horizontal'`` (left and right change places),
            ``'vertical'`` or ``'diagonal'`` (both).
    """

    def __init__(self,
                 keys: Sequence[str],
                 flip_ratio: float = 0.5,
                 direction: str = 'horizontal'):
        if direction not in _DIRECTIONS:
            raise ValueError(f'Flip: direction={direction!r}, expected one of '
                             f'{_DIRECTIONS}.')
        if not 0 <= flip_ratio <= 1:
            raise ValueError(f'Flip: flip_ratio={flip_ratio}, expected a '
                             'probability, 0 to 1.')
        self.keys = [keys] if isinstance(keys, str) else list(keys)
        self.flip_ratio = flip_ratio
        self.direction = direction

    @cache_randomness
    def _draw(self) -> bool:
        return np.random.random() < self.flip_ratio

    def transform(self, results: dict) -> dict:
        flip = self._draw()
        if flip:
            for key in self.keys:
                results[key] = mmcv.imflip(results[key], self.direction)
        results['flip'] = flip
        results['flip_direction'] = self.direction
        return results
