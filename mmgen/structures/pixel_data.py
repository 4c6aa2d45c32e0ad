"""Images and maps of one sample."""
import numpy as np
import torch
from mmengine.structures import PixelData as _PixelData


class PixelData(_PixelData):
    """Images of one height and width, each ``[C, H, W]``.

    ``[H, W]`` is stored as ``[1, H, W]``.
    """

    def __setattr__(self, name: str, value: torch.Tensor | np.ndarray):
        if name in ('_metainfo_fields', '_data_fields'):
            super().__setattr__(name, value)
            return
        if not isinstance(value, (torch.Tensor, np.ndarray)):
            raise TypeError(
                f'PixelData: {name} is a {type(value).__name__}, expected a '
                'Tensor or an array of shape [C, H, W].')
        if value.ndim == 2:
            value = value[None]
        if value.ndim != 3:
            raise ValueError(
                f'PixelData: {name} has shape {list(value.shape)}, expected '
                '[C, H, W]; make one PixelData per image.')
        if self.shape and tuple(value.shape[-2:]) != self.shape:
            raise ValueError(
                f'PixelData: {name} has shape {list(value.shape)}, but what '
                f'is stored already has height and width {self.shape}.')
        super().__setattr__(name, value)
