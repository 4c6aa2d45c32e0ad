"""Normalisation layers from config dicts."""
from torch import nn

from mmgen.models.layers.pixel_norm import PixelNorm
from mmgen.models.layers.sync_batch_norm import batch_norm, sync_batch_norm


def make_norm(cfg: dict, channels: int, *,
              sync: bool = False) -> tuple[str, nn.Module]:
    """A normalisation of ``[N, C, H, W]``.

    Args:
        cfg: ``type``, one of BN, SyncBN, IN, GN and PixelNorm, and the
            keywords of the class of that kind (``eps``, ``momentum``, ...).
        channels: ``C``.
        sync: Whether BN takes the batches of all processes as one.

    Returns:
        The name that the layer has in a state dict, and the layer.

    Raises:
        ValueError: An unknown type.
    """
    settings = dict(cfg)
    name = settings.pop('type')
    if name == 'BN':
        return 'bn', batch_norm(channels, sync=sync, **settings)
    if name == 'SyncBN':
        return 'bn', sync_batch_norm(channels, **settings)
    if name == 'IN':
        return 'in', nn.InstanceNorm2d(channels, **settings)
    if name == 'GN':
        return 'gn', nn.GroupNorm(num_channels=channels, **settings)
    if name == 'PixelNorm':
        return 'pixel_norm', PixelNorm(channels, **settings)
    raise ValueError(f'make_norm: type={name!r} is no normalisation; known: '
                     'BN, SyncBN, IN, GN, PixelNorm.')
