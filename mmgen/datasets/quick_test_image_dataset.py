"""Noise in place of images, to try a model without data."""
import numpy as np

from mmgen.datasets.image_dataset import ImageDataset
from mmgen.datasets.transforms import PackGenInputs
from mmgen.registry import DATASETS


@DATASETS.register_module()
class QuickTestImageDataset(ImageDataset):
    """10,000 packed images of uniform noise, the same ones each time.

    Args:
        size: Side of the images in pixels, or (height, width); None for 256.
    """

    def __init__(self, size: int | tuple[int, int] | None = None):
        super().__init__([PackGenInputs()])
        size = 256 if size is None else size
        height, width = (size, size) if isinstance(size, int) else size
        self._shape = (height, width, 3)

    def __len__(self) -> int:
        return 10_000

    def read(self, index: int) -> dict:
        draw = np.random.Generator(np.random.PCG64(index))
        return dict(img=draw.integers(0, 256, self._shape, dtype=np.uint8))
