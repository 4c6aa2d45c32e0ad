"""Read an image file."""
import os

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio

from mmgen.datasets.image_bytes import BrokenImageError, decode_image
from mmgen.datasets.sources import merge_backend_args
from mmgen.registry import TRANSFORMS

_CHANNEL_ORDERS = ('bgr', 'rgb')
_BACKENDS = (None, 'cv2', 'pillow', 'tifffile')
_FLAGS = ('color', 'grayscale', 'unchanged', 'color_ignore_orientation',
          'grayscale_ignore_orientation')


@TRANSFORMS.register_module()
class LoadImageFromFile(BaseTransform):
    """Load the image at ``{key}_path`` into ``key``, uint8.

    Where a dataset has read the file already, ``{key}_bytes`` is decoded and
    removed. ``{key}_ori_shape`` becomes the image's shape.

    Args:
        io_backend: The name of a file backend, as ``backend_args['backend']``.
        key: Where the image goes; the datasets of single images give
            ``img_path``, for which it is ``'img'``.
        flag: ``'color'`` ``[H, W, 3]``, ``'grayscale'`` ``[H, W]``,
            ``'unchanged'``, or one of the first two with
            ``_ignore_orientation``.
        channel_order: ``'bgr'`` or ``'rgb'``.
        backend: The decoder, ``'cv2'``, ``'pillow'`` or ``'tifffile'``; None
            for mmcv's current one.
        save_original_img: Keep a copy in ``ori_{key}``.
        backend_args: Arguments of a file backend; None for local files.

    Raises:
        BrokenImageError: The file is missing, empty, truncated or no image.
    """

    def __init__(self,
                 io_backend: str | None = None,
                 key: str = 'gt',
                 flag: str = 'color',
                 channel_order: str = 'bgr',
                 backend: str | None = None,
                 save_original_img: bool = False,
                 backend_args: dict | None = None):
        if channel_order not in _CHANNEL_ORDERS:
            raise ValueError(
                f'LoadImageFromFile: channel_order={channel_order!r}, '
                f'expected one of {_CHANNEL_ORDERS}.')
        if backend not in _BACKENDS:
            raise ValueError(f'LoadImageFromFile: backend={backend!r}, '
                             f'expected one of {_BACKENDS}.')
        if flag not in _FLAGS:
            raise ValueError(f'LoadImageFromFile: flag={flag!r}, expected one '
                             f'of {_FLAGS}.')
        self.key = key
        self.flag = flag
        self.channel_order = channel_order
        self.backend = backend
        self.save_original_img = save_original_img
        self.backend_args = merge_backend_args(io_backend, backend_args)

    def transform(self, results: dict) -> dict:
        path = results.get(f'{self.key}_path')
        if path is None:
            paths = [name for name in results if name.endswith('_path')]
            raise KeyError(
                f'LoadImageFromFile: no {self.key}_path in the results, they '
                f'have {", ".join(paths) or "no path"}. Set key to the part '
                'before _path.')
        content = results.pop(f'{self.key}_bytes', None)
        if content is None:
            content = self._read(path)
        image = decode_image(content, os.fspath(path), self.flag,
                             self.channel_order, self.backend)
        results[self.key] = image
        results[f'{self.key}_ori_shape'] = image.shape
        if self.save_original_img:
            results[f'ori_{self.key}'] = np.copy(image)
        return results

    def _read(self, path: str) -> bytes:
        try:
            return fileio.get(path, backend_args=self.backend_args)
        except OSError as error:
            raise BrokenImageError(f'{path}: {error}') from error
