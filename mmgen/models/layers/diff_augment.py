"""Differentiable augmentation of what a discriminator sees.

Zhao, Liu, Lin, Zhu and Han 2020, arXiv:2006.10738, section 3.2, with the
strengths of their experiments. Generated and real images are augmented alike,
in both players' turns; otherwise the generator would learn to make augmented
images.
"""
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgen.registry import MODULES

MAX_SHIFT = 1 / 8  # of the image's side
CUTOUT_SIDE = 1 / 2  # of the image's side


def diff_augment(images: Tensor,
                 policy: str | Sequence[str],
                 generator: torch.Generator | None = None) -> Tensor:
    """Augment each image with draws of its own.

    ===========  ==========================================================
    color        adds a brightness in [-0.5, 0.5), then scales the distance
                 from the mean of a pixel's channels (saturation) by a factor
                 in [0, 2), then that from the image's mean (contrast) by one
                 in [0.5, 1.5)
    translation  moves the image by up to an eighth of its sides, and fills
                 up with zeros
    cutout       sets a rectangle of half the sides to zero; its centre may
                 be anywhere, so that part of it may lie outside
    ===========  ==========================================================

    All draws are uniform. Values may leave the range that they came in.

    Args:
        images: ``[N, C, H, W]``, float, [-1, 1].
        policy: Names of the table in the order in which they are applied; as
            one text, separated by commas.
        generator: Where the draws come from, on the images' device; None for
            torch's global state.

    Returns:
        ``[N, C, H, W]``, type and memory format of ``images``.

    Raises:
        ValueError: ``policy`` has a name that is not in the table.
    """
    memory_format = torch.channels_last if images.is_contiguous(
        memory_format=torch.channels_last) else torch.contiguous_format
    for name in parse_policy(policy):
        images = AUGMENTATIONS[name](images, generator)
    return images.contiguous(memory_format=memory_format)


def parse_policy(policy: str | Sequence[str]) -> tuple[str, ...]:
    """The names of the augmentations, checked."""
    if isinstance(policy, str):
        policy = [name.strip() for name in policy.split(',')]
    unknown = [name for name in policy if name not in AUGMENTATIONS]
    if unknown:
        raise ValueError(
            f'DiffAugment: policy has {", ".join(map(repr, unknown))}, '
            f'expected some of {", ".join(map(repr, AUGMENTATIONS))}.')
    return tuple(policy)


def change_color(images: Tensor, generator: torch.Generator | None) -> Tensor:
    """Brightness, saturation and contrast, in this order."""
    brightness, saturation, contrast = torch.rand(
        3, len(images), 1, 1, 1, device=images.device,
        generator=generator).to(images.dtype)
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (saturation * 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def translate(images: Tensor, generator: torch.Generator | None) -> Tensor:
    """A shift along both axes, in whole pixels."""
    for dim in (2, 3):
        limit = round_half_up(MAX_SHIFT * images.shape[dim])
        shift = torch.randint(
            -limit, limit + 1, (len(images), 1), device=images.device,
            generator=generator)
        images = shift_axis(images, shift, dim)
    return images


def shift_axis(images: Tensor, shift: Tensor, dim: int) -> Tensor:
    """Move image ``i`` by ``shift[i]`` pixels along one axis.

    Args:
        images: ``[N, C, H, W]``.
        shift: ``[N, 1]``, int64; down or to the right where positive.
        dim: 2 or 3.
    """
    size = images.shape[dim]
    source = torch.arange(size, device=images.device) - shift  # [N, size]
    is_outside = (source < 0) | (source >= size)
    where = source.clamp(0, size - 1)
    moved = images.gather(dim, along_axis(where, dim).expand_as(images))
    return moved.masked_fill(along_axis(is_outside, dim), 0)


def cut_out(images: Tensor, generator: torch.Generator | None) -> Tensor:
    """A rectangle of zeros in each image."""
    inside = [
        along_axis(random_interval(images, dim, generator), dim)
        for dim in (2, 3)
    ]
    return images.masked_fill(inside[0] & inside[1], 0)


def random_interval(images: Tensor, dim: int,
                    generator: torch.Generator | None) -> Tensor:
    """The rows or columns that are cut out, bool ``[N, size]``."""
    size = images.shape[dim]
    length = round_half_up(CUTOUT_SIDE * size)
    # An even length has its centre between two pixels: one place more.
    centre = torch.randint(
        size + (length + 1) % 2, (len(images), 1), device=images.device,
        generator=generator)
    first = centre - length // 2
    place = torch.arange(size, device=images.device)
    return (place >= first) & (place < first + length)


def along_axis(values: Tensor, dim: int) -> Tensor:
    """``[N, size]`` as ``[N, 1, size, 1]`` (dim 2) or ``[N, 1, 1, size]``."""
    return values[:, None, :, None] if dim == 2 else values[:, None, None, :]


def round_half_up(length: float) -> int:
    """The nearest number of pixels, the larger one of two."""
    return int(length + 0.5)


AUGMENTATIONS = dict(color=change_color, translation=translate, cutout=cut_out)


@MODULES.register_module()
class DiffAugment(nn.Module):
    """`diff_augment` as a module, for training with little data.

    A GAN's config turns it on with
    ``disc_augment=dict(type='DiffAugment', policy='color,translation,cutout')``.

    Args:
        policy: See `diff_augment`.
    """

    def __init__(
            self,
            policy: str | Sequence[str] = ('color', 'translation', 'cutout')
    ) -> None:
        super().__init__()
        self.policy = parse_policy(policy)

    def forward(self, images: Tensor) -> Tensor:
        """See `diff_augment`."""
        return diff_augment(images, self.policy)

    def extra_repr(self) -> str:
        return f'policy={",".join(self.policy)!r}'
