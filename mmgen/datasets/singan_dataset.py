"""One image in the sizes of SinGAN's scales."""
import math
import os

import mmcv
import numpy as np
from torch.utils.data import Dataset

from mmgen.datasets.image_dataset import Pipeline, build_pipeline
from mmgen.datasets.transforms import LoadImageFromFile
from mmgen.registry import DATASETS


@DATASETS.register_module()
class SinGANDataset(Dataset):
    """The pyramid of one image, the same at each index.

    The image is made so small that its longer side is at most ``max_size``.
    Its scales differ by one factor, near ``scale_factor_init``, chosen so
    that the shorter side of the coarsest is ``min_size``. They are computed
    once.

    A sample has ``real_scale0``, the coarsest, to ``real_scaleN``, uint8 BGR
    ``[H, W, 3]``, and ``input_sample``, zeros as large as the first, float32.

    Args:
        data_root: The image's file.
        min_size: Shorter side of the coarsest scale, pixels.
        max_size: Longer side of the finest scale, pixels, at most.
        scale_factor_init: About how large a scale is by the next one's side,
            below 1.
        pipeline: Transforms, or their configs; the last is `PackGenInputs`
            with ``pack_all=True``.
        num_samples: Length of the dataset; below 1 for 1.

    Raises:
        BrokenImageError: The file is missing or no image.
        ValueError: No pyramid has such sizes.

    Source: Rott Shaham et al. 2019, arXiv:1905.01164, supplementary material;
    the number of scales is that of the authors' code, as is the bicubic filter,
    which averages where it makes an image smaller.
    """

    def __init__(self,
                 data_root: str,
                 min_size: int,
                 max_size: int,
                 scale_factor_init: float,
                 pipeline: Pipeline,
                 num_samples: int = -1) -> None:
        self.pipeline = build_pipeline(pipeline)
        self.num_samples = max(num_samples, 1)
        load = LoadImageFromFile(key='img')
        image = load(dict(img_path=os.fspath(data_root)))['img']
        sizes = pyramid_sizes(*image.shape[:2], min_size, max_size,
                              scale_factor_init)
        finest = resize(image, sizes[-1])
        self.pyramid = [resize(finest, size) for size in sizes]

    def __len__(self) -> int:
        return self.num_samples

    def __getitem__(self, index: int) -> dict:
        # Copies: transforms may write into what they are given.
        results = {
            f'real_scale{scale}': image.copy()
            for scale, image in enumerate(self.pyramid)
        }
        results['input_sample'] = np.zeros(self.pyramid[0].shape, np.float32)
        return self.pipeline(results)


def pyramid_sizes(height: int, width: int, min_size: int, max_size: int,
                  scale_factor_init: float) -> list[tuple[int, int]]:
    """Height and width at each scale, the coarsest first.

    Args:
        height: Of the image.
        width: Of the image.
        min_size: See `SinGANDataset`.
        max_size: See there.
        scale_factor_init: See there.

    Raises:
        ValueError: No pyramid has such sizes.
    """
    if not 0 < scale_factor_init < 1:
        raise ValueError(
            f'SinGANDataset: scale_factor_init={scale_factor_init}, expected '
            'a number between 0 and 1.')
    share = min(max_size / max(height, width), 1)
    if min_size > share * min(height, width):
        raise ValueError(
            f'SinGANDataset: the image has {height} x {width} pixels, '
            f'{share * height:.0f} x {share * width:.0f} with max_size='
            f'{max_size}, but the coarsest scale is to have min_size='
            f'{min_size}. Make min_size smaller, or max_size larger.')
    step = math.log(scale_factor_init)
    # Steps from the image to the coarsest scale, less those that max_size
    # leaves out.
    steps = math.ceil(math.log(min_size / min(height, width)) / step) + 1 \
        - math.ceil(math.log(share) / step)
    if steps < 1:
        return [_times(height, width, share)]
    factor = (min_size / (share * min(height, width)))**(1 / steps)
    return [
        _times(height, width, share * factor**(steps - scale))
        for scale in range(steps + 1)
    ]


def _times(height: int, width: int, share: float) -> tuple[int, int]:
    return round(height * share), round(width * share)


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``[H, W, 3]`` to ``[*size, 3]``."""
    return mmcv.imresize(
        image, size[::-1], interpolation='bicubic', backend='pillow')
