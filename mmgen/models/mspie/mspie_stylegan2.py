"""MSPIE-StyleGAN2: StyleGAN2 trained at several resolutions in turn.

Xu et al. 2020, arXiv:2012.05217: every iteration draws one of a few sizes.
"""
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import broadcast
from mmengine.optim import OptimWrapperDict
from torch import Tensor

from mmgen.models.mspie.networks import MSStyleGANv2Generator, Scale
from mmgen.models.stylegan2 import StyleGAN2
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap

# All that train_settings may hold.
SETTINGS = ('num_upblocks', 'multi_input_scales', 'multi_scale_probability')


@MODELS.register_module()
class MSPIEStyleGAN2(StyleGAN2):
    """StyleGAN2 whose iterations have images of different sizes.

    Each iteration draws one scale for all processes. Real images are resized
    to what the generator makes of it; they should come in the largest size.
    Samples have the smallest size unless ``sample_kwargs`` has a
    ``chosen_scale``.

    Args:
        *args: See `StyleGAN2`.
        train_settings: ``multi_input_scales``, values of ``chosen_scale`` of
            `MSStyleGANv2Generator`; without them images have one size.
            ``multi_scale_probability``, how often each is drawn; without it
            all are equally frequent. ``num_upblocks``, how often the
            generator doubles the resolution, as a check.
        **kwargs: See `StyleGAN2`.

    Attributes:
        chosen_scale: The scale of the iteration under way.

    Raises:
        ValueError: Settings that do not fit each other or the generator.
    """

    def __init__(self, *args: Any, train_settings: dict | None = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.train_settings = dict(train_settings or {})
        self.chosen_scale: Scale = 0
        self.scales = list(self.train_settings.get('multi_input_scales', [0]))
        even = [1 / len(self.scales)] * len(self.scales) if self.scales else []
        self.probability = list(
            self.train_settings.get('multi_scale_probability', even))
        self._check_settings()
        self._check_networks()

    def _check_settings(self) -> None:
        """Refuse settings that do not fit each other."""
        owner = type(self).__name__
        unknown = sorted(set(self.train_settings) - set(SETTINGS))
        if unknown:
            raise ValueError(
                f'{owner}: train_settings has {", ".join(unknown)}, expected '
                f'only {", ".join(SETTINGS)}. Take the other out.')
        if not self.scales or len(self.probability) != len(self.scales) \
                or min(self.probability) < 0 \
                or abs(sum(self.probability) - 1) > 1e-6:
            raise ValueError(
                f'{owner}: multi_input_scales={self.scales} with '
                f'multi_scale_probability={self.probability}, expected one '
                'scale or more, one probability for each, and 1 as their sum.')

    def _check_networks(self) -> None:
        """Refuse networks that cannot have these scales."""
        owner = type(self).__name__
        if not isinstance(self.generator, MSStyleGANv2Generator):
            raise TypeError(
                f'{owner}: the generator is a '
                f'{type(self.generator).__name__}, expected a '
                'MSStyleGANv2Generator.')
        doublings = self.generator.num_upblocks
        wanted = self.train_settings.get('num_upblocks', doublings)
        if wanted != doublings:
            raise ValueError(
                f'{owner}: num_upblocks={wanted}, but the generator doubles '
                f'the resolution {doublings} times. Change one of them.')
        sizes = sorted({self.generator.image_size(s) for s in self.scales})
        # A discriminator that does not say so judges images of any size.
        only = getattr(self.discriminator, 'only_size', None)
        if only is not None and sizes != [only]:
            raise ValueError(
                f'{owner}: images have the sizes {sizes}, but the '
                f'discriminator judges {only} only. Set '
                'with_adaptive_pool=True in it.')

    def take_turns(self, inputs: dict, data_samples: list | None,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """As in the base, at a scale that is drawn first."""
        self.chosen_scale = self.draw_scale()
        size = unwrap(self.generator).image_size(self.chosen_scale)
        inputs = {**inputs, 'img': resize(inputs['img'], size)}
        return super().take_turns(inputs, data_samples, optim_wrapper)

    def draw_scale(self) -> Scale:
        """One of the scales; the first process draws for all."""
        index = torch.multinomial(torch.tensor(self.probability), 1)
        broadcast(index)
        return self.scales[index.item()]

    def draw_conditions(self, batch_size: int) -> dict[str, Any]:
        """As in the base, and the scale of this iteration."""
        return dict(**super().draw_conditions(batch_size),
                    chosen_scale=self.chosen_scale)


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """``[N, C, H, W]`` to ``[N, C, *size]``, smoothed where it shrinks."""
    if tuple(images.shape[2:]) == size:
        return images
    return F.interpolate(images, size, mode='bilinear', align_corners=False,
                         antialias=True)
