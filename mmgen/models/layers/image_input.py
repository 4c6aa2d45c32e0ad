"""The checks at the door of networks that take images."""
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


def check_image_batch(images: Tensor, channels: int, *, owner: str,
                      multiple: int = 1) -> None:
    """Refuse other images than ``[N, channels, H, W]``, of any fitting size.

    Args:
        images: What the network was given.
        channels: ``C`` that it was built for.
        owner: Who asks, for the message.
        multiple: What has to divide ``H`` and ``W``.

    Raises:
        ValueError: The shape is another.
    """
    if images.ndim != 4 or images.shape[1] != channels \
            or images.shape[2] % multiple or images.shape[3] % multiple:
        sides = '' if multiple == 1 \
            else f' with H and W that {multiple} divides'
        raise ValueError(
            f'{owner}: images have shape {list(images.shape)}, expected '
            f'[N, {channels}, H, W]{sides}. Change the network\'s channels, '
            'or Resize or Crop in the data pipeline.')


def check_labels(label: Tensor | None, num_classes: int, *,
                 owner: str) -> None:
    """Refuse a missing label where there are classes, or one where not.

    Args:
        label: What the discriminator was given.
        num_classes: ``K`` that it was built for; 0 for no classes.
        owner: Who asks, for the message.

    Raises:
        ValueError: It is not there, or not expected.
    """
    if (label is None) == bool(num_classes):
        raise ValueError(
            f'{owner}: num_classes={num_classes}, but label is '
            f'{"missing" if label is None else "given"}.')
