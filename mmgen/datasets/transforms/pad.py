"""Make images larger by a border."""
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmgen.registry import TRANSFORMS


@TRANSFORMS.register_module()
class NumpyPad(BaseTransform):
    """Pad ``img`` with :func:`numpy.pad`.

    Args:
        padding: Pixels (before, after) for the height, the width and, for
            colour images, the channels.
        kwargs: Further arguments of :func:`numpy.pad`, such as ``mode``.
    """

    def __init__(self, padding: Sequence[tuple[int, int]], **kwargs):
        self.padding = padding
        self.kwargs = kwargs

    def transform(self, results: dict) -> dict:
        image = results['img']
        if len(self.padding) != image.ndim:
            raise ValueError(
                f'NumpyPad: padding={self.padding} for an image of shape '
                f'{list(image.shape)}, expected one pair per axis.')
        results['img'] = np.pad(image, self.padding, **self.kwargs)
        results['img_shape'] = results['img'].shape[:2]
        return results
