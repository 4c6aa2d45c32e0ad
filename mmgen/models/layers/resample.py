"""Layers that change the resolution, from config dicts."""
from torch import nn

UPSAMPLE_MODES = ('nearest', 'bilinear', 'bicubic')


def make_upsample(cfg: dict) -> nn.Upsample:
    """An interpolation without parameters.

    Args:
        cfg: ``type``, one of `UPSAMPLE_MODES`; ``scale_factor`` and the other
            keywords of `torch.nn.Upsample`.

    Raises:
        ValueError: An unknown type.
    """
    settings = dict(cfg)
    name = settings.pop('type')
    if name not in UPSAMPLE_MODES:
        raise ValueError(
            f'make_upsample: type={name!r} is no interpolation; known: '
            f'{", ".join(UPSAMPLE_MODES)}.')
    return nn.Upsample(mode=name, **settings)
