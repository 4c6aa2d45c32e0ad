"""The check at a discriminator's door."""
from torch import Tensor


def check_images(images: Tensor, channels: int, resolution: int, *,
                 owner: str) -> None:
    """Refuse images of another shape than ``[N, channels, side, side]``.

    Args:
        images: What the discriminator was given.
        channels: ``C`` that it was built for.
        resolution: Its side, pixels.
        owner: Who asks, for the message.

    Raises:
        ValueError: The shape is another.
    """
    expected = (channels, resolution, resolution)
    if images.ndim != 4 or images.shape[1:] != expected:
        raise ValueError(
            f'{owner}: images have shape {list(images.shape)}, expected '
            f'[N, {channels}, {resolution}, {resolution}]. Change the '
            'network\'s channels and scale, or the data pipeline.')
