"""What was asked for."""
from dataclasses import dataclass

CROPS = ('centre', 'none')
CHANNELS = ('rgb', 'grey')
ALPHAS = ('white', 'black', 'grey', 'skip')
FORMATS = ('folder', 'zip', 'lmdb')
LABELS = ('folder', 'csv', 'json')
DROPS = ('exact', 'near')


@dataclass(frozen=True)
class Settings:
    """All that the written images depend on, besides the pictures.

    Args:
        resolution: Side of the square images, pixels; None only to check.
        crop: ``'centre'`` cuts the largest square in the middle; ``'none'``
            keeps the whole picture and scales each side on its own.
        channels: ``'rgb'`` or ``'grey'``.
        alpha: What stands behind clear pixels: ``'white'``, ``'black'`` or
            ``'grey'``; ``'skip'`` leaves such pictures out.
        upscale: Enlarge pictures smaller than ``resolution``; otherwise they
            are left out.
        labels: Where the classes come from, ``'folder'``, ``'csv'`` or
            ``'json'``; None for none.
        drop_duplicates: Which ones are left out, ``'exact'`` or ``'near'``
            (both kinds); None for none.
        format: What is written, ``'folder'``, ``'zip'`` or ``'lmdb'``.

    Raises:
        ValueError: The resolution is below 1.
    """
    resolution: int | None
    crop: str = 'centre'
    channels: str = 'rgb'
    alpha: str = 'white'
    upscale: bool = False
    labels: str | None = None
    drop_duplicates: str | None = None
    format: str = 'folder'

    def __post_init__(self) -> None:
        if self.resolution is not None and self.resolution < 1:
            raise ValueError(f'prepare: resolution={self.resolution}, '
                             'expected a number of pixels, 1 or more.')
