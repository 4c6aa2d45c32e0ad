"""How much the images of a batch differ, shown to the discriminator."""
import torch
from torch import Tensor, nn

from mmgen.ops.precision import full_precision
from mmgen.registry import MODELS


def minibatch_stddev(x: Tensor, group_size: int = 4, channel_groups: int = 1,
                     eps: float = 1e-8) -> Tensor:
    """Append channels with the standard deviation over groups of images.

    For each group of images and of channels: the deviation of each value over
    the images, averaged over channels and pixels to one number. A group is
    every ``N / group_size``-th image; a batch that is smaller is one group.

    Args:
        x: ``[N, C, H, W]``.
        group_size: Images in a group; it divides ``N``, unless that is less.
        channel_groups: Groups of channels, and channels that are appended.
        eps: Added to the variance.

    Returns:
        ``[N, C + channel_groups, H, W]``.

    Raises:
        ValueError: The batch or the channels cannot be divided so.

    Source: Karras et al. 2017, arXiv:1710.10196, section 3.
    """
    n, c, h, w = x.shape
    size = min(group_size, n)
    if n % size or c % channel_groups:
        raise ValueError(
            f'minibatch_stddev: {n} images with {c} channels cannot be divided '
            f'into groups of group_size={group_size} images and '
            f'channel_groups={channel_groups} parts. Choose a batch size that '
            f'is a multiple of {group_size}.')
    values = full_precision(x)
    groups = values.reshape(size, n // size, channel_groups, -1)
    var = groups.var(0, correction=0)                # [N / size, groups, ...]
    stddev = (var + eps).sqrt().mean(2)              # [N / size, groups]
    stddev = stddev.repeat(size, 1)[:, :, None, None].expand(-1, -1, h, w)
    return torch.cat([x, stddev.to(x.dtype)], 1)


@MODELS.register_module()
class MiniBatchStddevLayer(nn.Module):
    """`minibatch_stddev` as a layer.

    Args:
        group_size: See `minibatch_stddev`.
        eps: See `minibatch_stddev`.
        gather_all_batch: Only False: the batches of all processes as one are
            not supported.
        channel_groups: See `minibatch_stddev`.
    """

    def __init__(self,
                 group_size: int = 4,
                 eps: float = 1e-8,
                 gather_all_batch: bool = False,
                 channel_groups: int = 1) -> None:
        super().__init__()
        if gather_all_batch:
            raise ValueError(
                'MiniBatchStddevLayer: gather_all_batch=True is not supported. '
                'Leave it out: each process has its own groups.')
        self.group_size = group_size
        self.eps = eps
        self.channel_groups = channel_groups

    def forward(self, x: Tensor) -> Tensor:
        return minibatch_stddev(
            x, self.group_size, self.channel_groups, self.eps)
