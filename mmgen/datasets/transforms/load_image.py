"""Read an image file, or two images out of one."""
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
        name = type(self).__name__
        if channel_order not in _CHANNEL_ORDERS:
            raise ValueError(f'{name}: channel_order={channel_order!r}, '
                             f'expected one of {_CHANNEL_ORDERS}.')
        if backend not in _BACKENDS:
            raise ValueError(f'{name}: backend={backend!r}, expected one of '
                             f'{_BACKENDS}.')
        if flag not in _FLAGS:
            raise ValueError(
                f'{name}: flag={flag!r}, expected one of {_FLAGS}.')
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
                f'{type(self).__name__}: no {self.key}_path in the results, '
                f'they have {", ".join(paths) or "no path"}. Set key to the '
                'part before _path.')
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


@TRANSFORMS.register_module()
class LoadPairedImageFromFile(LoadImageFromFile):
    """Load two images that lie side by side in the file at ``{key}_path``.

    The left half becomes ``img_{domain_a}``, the right half
    ``img_{domain_b}``, each with ``_path`` and ``_ori_shape`` as
    `LoadImageFromFile` gives them; the whole stays in ``key``.

    Args:
        io_backend: The name of a file backend, as ``backend_args['backend']``.
        key: Where the whole image goes; `PairedImageDataset` gives
            ``pair_path``.
        domain_a: What the left image is called.
        domain_b: What the right image is called.
        flag: See `LoadImageFromFile`, as for all that follow.
        channel_order: ``'bgr'`` or ``'rgb'``.
        backend: The decoder.
        save_original_img: Keep copies in ``ori_{key}``, ``ori_img_{domain_a}``
            and ``ori_img_{domain_b}``.
        backend_args: Arguments of a file backend; None for local files.

    Raises:
        BrokenImageError: The file is missing, empty, truncated or no image.
        ValueError: It has no two halves of the same width.

    Source: the layout is that of the data of Isola et al. 2017,
    arXiv:1611.07004.
    """

    def __init__(self,
                 io_backend: str | None = None,
                 key: str = 'pair',
                 domain_a: str | None = None,
                 domain_b: str | None = None,
                 flag: str = 'color',
                 channel_order: str = 'bgr',
                 backend: str | None = None,
                 save_original_img: bool = False,
                 backend_args: dict | None = None):
        super().__init__(io_backend, key, flag, channel_order, backend,
                         save_original_img, backend_args)
        if not domain_a or not domain_b or domain_a == domain_b:
            raise ValueError(
                f'LoadPairedImageFromFile: domain_a={domain_a!r} and '
                f'domain_b={domain_b!r}, expected two different names. Set '
                "them to the model's domains, the left image's first.")
        self.domain_a = domain_a
        self.domain_b = domain_b

    def transform(self, results: dict) -> dict:
        results = super().transform(results)
        pair, path = results[self.key], results[f'{self.key}_path']
        middle, rest = divmod(pair.shape[1], 2)
        if rest:
            raise ValueError(
                f'LoadPairedImageFromFile: {path} is {pair.shape[1]} pixels '
                'wide, expected an even number: two images of the same size '
                'side by side. Use LoadImageFromFile for single images.')
        halves = {self.domain_a: pair[:, :middle],
                  self.domain_b: pair[:, middle:]}
        for domain, half in halves.items():
            key = f'img_{domain}'
            # Copies, because a transform may write into its image.
            results[key] = half.copy()
            results[f'{key}_path'] = path
            results[f'{key}_ori_shape'] = half.shape
            if self.save_original_img:
                results[f'ori_{key}'] = half.copy()
        return results
