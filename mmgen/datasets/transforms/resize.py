"""Change the size of an image."""
from mmcv.transforms import Resize as _Resize

from mmgen.registry import TRANSFORMS

# What mmcv's two backends call their filters.
_INTERPOLATIONS = {
    'cv2': ('nearest', 'bilinear', 'bicubic', 'area', 'lanczos'),
    'pillow': ('nearest', 'bilinear', 'bicubic', 'box', 'lanczos', 'hamming'),
}


@TRANSFORMS.register_module()
class Resize(_Resize):
    """mmcv's resizing of ``img``, with its settings checked at the door.

    Pillow's filters widen when an image shrinks, OpenCV's do not, so for large
    reductions ``'pillow'`` (or OpenCV's ``'area'``) avoids aliasing.

    Args:
        scale: Size in pixels, (width, height), or one number for both; with
            ``keep_ratio`` the image is made to fit into it.
        scale_factor: Factor, or (factor for the width, for the height); used
            without ``scale``.
        keep_ratio: Keep the image's proportions.
        clip_object_border: Whether boxes, where there are any, are clipped to
            the image.
        backend: ``'cv2'`` or ``'pillow'``.
        interpolation: ``'bilinear'``, ``'nearest'``, ``'bicubic'`` or
            ``'lanczos'``; ``'area'`` with cv2, ``'box'`` and ``'hamming'``
            with pillow.
    """

    def __init__(self,
                 scale: int | tuple[int, int] | None = None,
                 scale_factor: float | tuple[float, float] | None = None,
                 keep_ratio: bool = False,
                 clip_object_border: bool = True,
                 backend: str = 'cv2',
                 interpolation: str = 'bilinear'):
        if scale is None and scale_factor is None:
            raise ValueError('Resize: got neither scale nor scale_factor.')
        if backend not in _INTERPOLATIONS:
            raise ValueError(f'Resize: backend={backend!r}, expected one of '
                             f'{tuple(_INTERPOLATIONS)}.')
        if interpolation not in _INTERPOLATIONS[backend]:
            raise ValueError(
                f'Resize: interpolation={interpolation!r}, with {backend} '
                f'expected one of {_INTERPOLATIONS[backend]}.')
        super().__init__(
            scale=_pair(scale),
            scale_factor=_pair(scale_factor),
            keep_ratio=keep_ratio,
            clip_object_border=clip_object_border,
            backend=backend,
            interpolation=interpolation)


def _pair(value: object) -> tuple | None:
    """A number twice, a pair from the command line's list."""
    if value is None:
        return None
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)
