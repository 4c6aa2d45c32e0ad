"""How images are brought to the size that a feature network wants."""
import torch
import torch.nn.functional as F
from torch import Tensor

# Name to what it does, in the words of an identity card.
RESIZE_METHODS = dict(
    clean='bicubic, antialiased when shrinking, float, clipped to [0, 255]',
    bilinear='bilinear, align_corners=False, not antialiased, float',
    tensorflow='bilinear as in TensorFlow 1, not antialiased, float')


def resize_images(images: Tensor, size: int, method: str) -> Tensor:
    """Images of ``size`` pixels a side.

    ``'clean'`` is the resize of clean-fid: Pillow's bicubic filter on each
    channel as float, so that nothing is rounded on the way. ``'tensorflow'``
    is what the network of FID was first used with: pixel ``i`` of ``size`` is
    looked up at ``i * H / size``, so that the image moves by half a pixel.

    Args:
        images: uint8 or float in [0, 255], ``[N, C, H, W]``.
        size: Pixels.
        method: Of ``RESIZE_METHODS``.

    Returns:
        float32 in [0, 255], ``[N, C, size, size]``.

    Source: Parmar et al. 2021, arXiv:2104.11222, sections 3 and 5.
    """
    if method == 'bilinear':
        return F.interpolate(images.float(), (size, size), mode='bilinear',
                             align_corners=False)
    if method == 'tensorflow':
        rows = _moved_bilinear(images.float(), size)
        return _moved_bilinear(rows.transpose(2, 3), size).transpose(2, 3)
    # PyTorch's antialiased bicubic filter is Pillow's, with a = -1/2.
    resized = F.interpolate(images.float(), (size, size), mode='bicubic',
                            align_corners=False, antialias=True)
    return resized.clamp(0, 255)


def _moved_bilinear(images: Tensor, size: int) -> Tensor:
    """Linear interpolation of the rows, ``[N, C, H, W]`` to
    ``[N, C, size, W]``, at ``i * H / size``."""
    height = images.shape[2]
    place = torch.arange(size, device=images.device) * height / size
    above = place.long()
    below = (above + 1).clamp(max=height - 1)
    share = (place - above).view(-1, 1)
    return torch.lerp(images[:, :, above], images[:, :, below], share)
