"""The pipeline of augmentations that do not leak.

Karras et al. 2020, arXiv:2006.06676, sections 2.2 and 2.3 and appendix B. Each
augmentation is applied to an image with a probability below 1, so that the
distribution of the augmented images determines that of the images.
"""
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmgen.models.layers.ada.geometry import inverse_map, transform
from mmgen.models.layers.ada.pixels import (band_gains, change_colors,
                                            color_map, cut_out, filter_bands)
from mmgen.models.layers.ada.wavelets import BANDS, band_filters, low_pass
from mmgen.ops.precision import full_precision

GEOMETRY = ('xflip', 'rotate90', 'xint', 'scale', 'rotate', 'aniso', 'xfrac')
COLORS = ('brightness', 'contrast', 'lumaflip', 'hue', 'saturation')
CORRUPTIONS = ('imgfilter', 'noise', 'cutout')
# How strong each is, from the paper's appendix B.
AMOUNTS = dict(
    xint_max=0.125,
    scale_std=0.2,
    rotate_max=1.0,
    aniso_std=0.2,
    xfrac_std=0.125,
    brightness_std=0.2,
    contrast_std=0.5,
    hue_max=1.0,
    saturation_std=1.0,
    imgfilter_bands=(1.0, ) * BANDS,
    imgfilter_std=1.0,
    noise_std=0.1,
    cutout_size=0.5)
SETTINGS = {**dict.fromkeys(GEOMETRY + COLORS + CORRUPTIONS, 0.0), **AMOUNTS}


@dataclass(frozen=True)
class Draws:
    """Random parameters, each 0 for the images that are left alone.

    Attributes:
        count: Images ``N``.
        like: Whose type and device the numbers have.
        generator: Where they come from; None for torch's global state.
    """

    count: int
    like: Tensor
    generator: torch.Generator | None

    def even(self, chance: Tensor, limit: float, *shape: int) -> Tensor:
        """Uniform in [-limit, limit), ``[N, *shape]``."""
        return self._chosen(chance, self.uniform(*shape) * 2 - 1) * limit

    def whole(self, chance: Tensor, below: int) -> Tensor:
        """An integer in [0, below), ``[N]``."""
        return self._chosen(chance, (self.uniform() * below).floor())

    def bell(self, chance: Tensor, std: float, *shape: int) -> Tensor:
        """Normal, ``[N, *shape]``."""
        return self._chosen(chance, self.normal(*shape)) * std

    def fixed(self, chance: Tensor, value: float) -> Tensor:
        """``value``, ``[N]``."""
        return self._chosen(chance, self.like.new_full((self.count, ), value))

    def uniform(self, *shape: int) -> Tensor:
        """Uniform in [0, 1), ``[N, *shape]``."""
        return torch.rand(
            self.count, *shape, dtype=self.like.dtype,
            device=self.like.device, generator=self.generator)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal, ``[N, *shape]``."""
        return torch.randn(
            self.count, *shape, dtype=self.like.dtype,
            device=self.like.device, generator=self.generator)

    def _chosen(self, chance: Tensor, value: Tensor) -> Tensor:
        """The values of the images that are chosen, and 0 for the others."""
        is_chosen = self.uniform() < chance
        return value * is_chosen.view(-1, *(1, ) * (value.ndim - 1))


class AugmentPipe(nn.Module):
    """Augment each image with draws of its own.

    In the order of the table. ``p`` times the setting is the probability;
    with 0, the default, an augmentation is out. ``p`` is a buffer, 1 unless
    something changes it.

    ============  =====================================  ====================
    setting       what happens to an image               how strong
    ============  =====================================  ====================
    xflip         left and right change places, or not
    rotate90      turned by 0, 90, 180 or 270 degrees
    xint          shifted in x and y by whole pixels     xint_max, a part of
                                                         the size
    scale         scaled by 2^n                          scale_std, of n
    rotate        turned; before aniso and again after   rotate_max, half
                                                         turns
    aniso         scaled by 2^n in x, 2^-n in y          aniso_std, of n
    xfrac         shifted in x and y                     xfrac_std, a part of
                                                         the size
    brightness    a number is added                      brightness_std
    contrast      scaled by 2^n                          contrast_std, of n
    lumaflip      light and dark change places, or not
    hue           colours turned about the greys         hue_max, half turns
    saturation    distance from the greys times 2^n      saturation_std, of n
    imgfilter     each of 4 frequency bands times 2^n    imgfilter_std, of n
    noise         normal noise of its own deviation      noise_std, of that
    cutout        a rectangle is set to 0                cutout_size, a part
                                                         of the size
    ============  =====================================  ====================

    ``_max`` is the limit of a uniform, ``_std`` the deviation of a normal
    distribution. ``imgfilter_bands`` are four factors of the probability, one
    for each band, the lowest first.

    Args:
        **settings: Entries of the table, with the paper's strengths where
            they are left out.

    Raises:
        ValueError: A setting that is not in the table.
    """

    def __init__(self, **settings: float | Sequence[float]) -> None:
        super().__init__()
        unknown = [name for name in settings if name not in SETTINGS]
        if unknown:
            raise ValueError(
                f'AugmentPipe: got {", ".join(map(repr, unknown))}, expected '
                f'only {", ".join(SETTINGS)}.')
        self.settings = {**SETTINGS, **settings}
        self.register_buffer('p', torch.ones(()))
        for name, taps in (('Hz_geom', low_pass()),
                           ('Hz_fbank', band_filters())):
            self.register_buffer(name, torch.tensor(taps).float())

    def forward(self, images: Tensor,
                generator: torch.Generator | None = None) -> Tensor:
        """Images ``[N, C, H, W]``, [-1, 1], to images of the same shape.

        Computed in full precision, and differentiable twice. Values may leave
        the range that they came in.

        Args:
            images: With 1 or 3 channels where a setting of the colours is
                on.
            generator: Where the draws come from, on the images' device; None
                for torch's global state.

        Raises:
            ValueError: Another number of channels, or images that are too
                small for ``imgfilter``.
        """
        self._check(images)
        with torch.autocast(images.device.type, enabled=False):
            x = full_precision(images)
            draws = Draws(len(x), x, generator)
            if self._uses(GEOMETRY):
                x = self._move(x, draws)
            if self._uses(COLORS):
                x = self._recolor(x, draws)
            x = self._corrupt(x, draws)
        return x.to(images.dtype)

    def _move(self, x: Tensor, draws: Draws) -> Tensor:
        """Pixel blitting and general geometric transformations."""
        s, chance = self.settings, self._chance
        # Two rotations, either with a chance such that an image is left
        # alone by both with that of 1 - p.
        turned = 1 - (1 - chance('rotate')).clamp(min=0).sqrt()
        inverse = inverse_map(
            x.shape[2:],
            flip=draws.whole(chance('xflip'), 2),
            quarters=draws.whole(chance('rotate90'), 4),
            whole_shift=draws.even(chance('xint'), s['xint_max'], 2),
            log2_scale=draws.bell(chance('scale'), s['scale_std']),
            turn_before=draws.even(turned, s['rotate_max']),
            log2_stretch=draws.bell(chance('aniso'), s['aniso_std']),
            turn_after=draws.even(turned, s['rotate_max']),
            shift=draws.bell(chance('xfrac'), s['xfrac_std'], 2))
        return transform(x, inverse, self.Hz_geom.to(x.dtype))

    def _recolor(self, x: Tensor, draws: Draws) -> Tensor:
        """Color transformations."""
        s, chance = self.settings, self._chance
        linear, offset = color_map(
            brightness=draws.bell(chance('brightness'), s['brightness_std']),
            log2_contrast=draws.bell(chance('contrast'), s['contrast_std']),
            luma_flip=draws.whole(chance('lumaflip'), 2),
            hue=draws.even(chance('hue'), s['hue_max']),
            log2_saturation=draws.bell(
                chance('saturation'), s['saturation_std']))
        return change_colors(x, linear, offset)

    def _corrupt(self, x: Tensor, draws: Draws) -> Tensor:
        """Image-space filtering and additional corruptions."""
        s, chance = self.settings, self._chance
        if self._uses(['imgfilter']):
            log2_gains = torch.stack([
                draws.bell(chance('imgfilter') * factor, s['imgfilter_std'])
                for factor in s['imgfilter_bands']
            ], 1)
            x = filter_bands(x, band_gains(log2_gains),
                             self.Hz_fbank.to(x.dtype))
        if self._uses(['noise']):
            std = draws.bell(chance('noise'), s['noise_std']).abs()
            x = x + draws.normal(*x.shape[1:]) * std[:, None, None, None]
        if self._uses(['cutout']):
            size = draws.fixed(chance('cutout'), s['cutout_size'])
            x = cut_out(x, draws.uniform(2), size)
        return x

    def _uses(self, names: Sequence[str]) -> bool:
        """Whether one of these settings is on."""
        return any(self.settings[name] > 0 for name in names)

    def _chance(self, name: str) -> Tensor:
        """Probability of the augmentation ``name``."""
        return self.p * self.settings[name]

    def _check(self, images: Tensor) -> None:
        """Refuse images that the settings have no meaning for."""
        channels, *size = images.shape[1:]
        if self._uses(COLORS) and channels not in (1, 3):
            raise ValueError(
                f'AugmentPipe: images have {channels} channels, expected 1 or '
                f'3. Leave out {", ".join(COLORS)}.')
        half = self.Hz_fbank.shape[1] // 2
        if self._uses(['imgfilter']) and min(size) <= half:
            raise ValueError(
                f'AugmentPipe: images of {size[0]} x {size[1]} pixels, '
                f'expected more than {half} for imgfilter. Leave it out.')

    def extra_repr(self) -> str:
        return ', '.join(f'{name}={value}'
                         for name, value in self.settings.items()
                         if value != SETTINGS[name])
