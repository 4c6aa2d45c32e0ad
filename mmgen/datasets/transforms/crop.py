"""Cut a part out of images."""
from collections.abc import Callable, Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmgen.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Crop(BaseTransform):
    """Cut the same window out of all images, which are of one size.

    Args:
        keys: The images.
        crop_size: (height, width) in pixels.
        random_crop: Anywhere; otherwise in the middle.
    """

    def __init__(self,
                 keys: Sequence[str],
                 crop_size: tuple[int, int],
                 random_crop: bool = True):
        self.keys = _key_list(keys)
        self.crop_size = tuple(crop_size)
        self.random_crop = random_crop

    def transform(self, results: dict) -> dict:
        sizes = {results[key].shape[:2] for key in self.keys}
        if len(sizes) > 1:
            raise ValueError(
                f'Crop: {", ".join(self.keys)} have different sizes '
                f'{sorted(sizes)}; resize them first.')
        room = _room(type(self).__name__, sizes.pop(), self.crop_size)
        top, left = (_anywhere(room) if self.random_crop else
                     _middle(room))
        for key in self.keys:
            results[key] = _cut(results[key], top, left, self.crop_size)
        return results


@TRANSFORMS.register_module()
class CenterCropLongEdge(BaseTransform):
    """Cut the square in the middle, as large as the shorter side.

    Args:
        keys: The images.
    """

    def __init__(self, keys: Sequence[str]):
        self.keys = _key_list(keys)

    def transform(self, results: dict) -> dict:
        for key in self.keys:
            results[key] = _square(results[key], _middle)
        return results


@TRANSFORMS.register_module()
class RandomCropLongEdge(BaseTransform):
    """Cut a square as large as the shorter side, anywhere.

    Args:
        keys: The images.
    """

    def __init__(self, keys: Sequence[str]):
        self.keys = _key_list(keys)

    def transform(self, results: dict) -> dict:
        for key in self.keys:
            results[key] = _square(results[key], _anywhere)
        return results


@TRANSFORMS.register_module()
class FixedCrop(BaseTransform):
    """Cut a window of a given size at a given place out of ``img``.

    Args:
        crop_size: (height, width) in pixels.
        crop_pos: The corner's (x, y) in pixels; None for anywhere.
    """

    def __init__(self,
                 crop_size: tuple[int, int],
                 crop_pos: tuple[int, int] | None = None):
        self.crop_size = tuple(crop_size)
        self.crop_pos = None if crop_pos is None else tuple(crop_pos)

    @cache_randomness
    def _draw(self, room: tuple[int, int]) -> tuple[int, int]:
        return _anywhere(room)

    def transform(self, results: dict) -> dict:
        image = results['img']
        room = _room('FixedCrop', image.shape[:2], self.crop_size)
        if self.crop_pos is None:
            top, left = self._draw(room)
        else:
            left, top = self.crop_pos
            if not (0 <= top <= room[0] and 0 <= left <= room[1]):
                raise ValueError(
                    f'FixedCrop: crop_pos={self.crop_pos} leaves no '
                    f'{self.crop_size} of an image of {image.shape[:2]}; '
                    f'at most (x, y) = ({room[1]}, {room[0]}).')
        results['img'] = _cut(image, top, left, self.crop_size)
        results['img_shape'] = results['img'].shape[:2]
        return results


def _key_list(keys: str | Sequence[str]) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys)


def _room(name: str, size: tuple[int, int],
          crop_size: tuple[int, int]) -> tuple[int, int]:
    """How far the window can move down and to the right."""
    down, right = size[0] - crop_size[0], size[1] - crop_size[1]
    if down < 0 or right < 0:
        raise ValueError(
            f'{name}: an image of (height, width) {tuple(size)} is smaller '
            f'than crop_size={crop_size}; resize it first.')
    return down, right


def _middle(room: tuple[int, int]) -> tuple[int, int]:
    return room[0] // 2, room[1] // 2


def _anywhere(room: tuple[int, int]) -> tuple[int, int]:
    return np.random.randint(room[0] + 1), np.random.randint(room[1] + 1)


def _square(image: np.ndarray, place: Callable) -> np.ndarray:
    """The largest square, its corner chosen by ``place`` in what is left."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = place((height - side, width - side))
    return _cut(image, top, left, (side, side))


def _cut(image: np.ndarray, top: int, left: int,
         size: tuple[int, int]) -> np.ndarray:
    return image[top:top + size[0], left:left + size[1]]
