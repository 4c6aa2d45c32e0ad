"""Changes of the resolution: layers from config dicts, and how many."""
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


def count_doublings(small: int, large: int, *, owner: str) -> int:
    """How often ``small`` has to be doubled to give ``large``.

    Raises:
        ValueError: It cannot be reached, or not in at least one doubling.
    """
    doublings = (large // small).bit_length() - 1
    if doublings < 1 or small * 2**doublings != large:
        raise ValueError(
            f'{owner}: a side of {large} pixels cannot be had from {small} by '
            'doubling; choose input_scale and output_scale so that one is the '
            'other times 2, 4, 8, ...')
    return doublings
