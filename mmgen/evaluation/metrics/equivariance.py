"""Equivariance: does the image move as its input is moved?

Karras et al. 2021, arXiv:2106.12423, section 3 and appendix E: the generator
is told to move or turn its image, and the result is compared with the plain
image moved or turned. The mean square of the difference is given in decibels
relative to the range of pixels, more is better.
"""
from dataclasses import dataclass, replace
from inspect import signature
from math import inf, log10, pi
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_gather_object
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader

from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.images import fake_images
from mmgen.evaluation.metrics.base import GenMetric
from mmgen.evaluation.samplers import sampled_generator
from mmgen.ops.move_images import (FILTER_REACH, filter_as_rotated,
                                   image_transform, rotate_images,
                                   shift_by_pixels, shift_images)
from mmgen.registry import METRICS
from mmgen.utils.randomness import mix_seed

PIXEL_RANGE = 255.0
NUMBERS = ('eqt_int', 'eqt_frac', 'eqr')
LIMITS = dict(translate_max=0.125, rotate_max=1.0)


@dataclass(frozen=True)
class Shift:
    """Moves the images of a batch by the same distance.

    Attributes:
        limit: Largest shift along an axis, in image sides; 0 for plain images.
        seed: Seed of the shifts.
        whole: Side of the images in pixels where shifts are whole pixels;
            None for any distance.
    """

    limit: float
    seed: int
    whole: int | None = None

    def shift(self, index: int) -> tuple[float, float]:
        """Right and down, in image sides, of the batch ``index``."""
        drawn = _draw(self.seed, index, 2) * self.limit
        if self.whole is not None:
            drawn = np.rint(drawn * self.whole) / self.whole
        right, down = drawn.tolist()
        return right, down

    def __call__(self, inputs: dict, index: int) -> dict:
        return _with_transform(
            inputs, image_transform(shift=self.shift(index)))

    def difference(self, plain: Tensor, moved: Tensor,
                   index: int) -> tuple[Tensor, Tensor]:
        """How the generator's moved images differ from the plain ones moved.

        Returns:
            The difference, ``[N, C, H, W]``, and where it counts, ``[H, W]``.
        """
        move = shift_images if self.whole is None else shift_by_pixels
        expected, valid = move(plain, self.shift(index))
        return moved - expected, valid


@dataclass(frozen=True)
class Rotation:
    """Turns the images of a batch by the same angle.

    Attributes:
        limit: Largest angle, in half turns.
        seed: Seed of the angles.
    """

    limit: float
    seed: int

    def angle(self, index: int) -> float:
        """Of the batch ``index``, in radians."""
        return _draw(self.seed, index, 1).item() * self.limit * pi

    def __call__(self, inputs: dict, index: int) -> dict:
        return _with_transform(
            inputs, image_transform(angle=self.angle(index)))

    def difference(self, plain: Tensor, moved: Tensor,
                   index: int) -> tuple[Tensor, Tensor]:
        """See `Shift`; both lose the same part of the spectrum."""
        expected, valid = rotate_images(plain, self.angle(index))
        filtered, unaffected = filter_as_rotated(moved, self.angle(index))
        return filtered - expected, valid & unaffected


def _with_transform(inputs: dict, transform: Tensor) -> dict:
    """Inputs of the model that let its generator move the images."""
    return dict(inputs, sample_kwargs=dict(
        inputs['sample_kwargs'], transform=transform))


def _draw(seed: int, index: int, count: int) -> np.ndarray:
    """Numbers from [-1, 1] for a batch, the same each time."""
    return np.random.default_rng(mix_seed(seed, index)).uniform(-1, 1, count)


def psnr(squares: float, count: float) -> float:
    """Decibels of a sum of squared differences over ``count`` values;
    infinite where there are none.

    Source: section 3; ``I_max`` is the range of pixels.
    """
    return 10 * log10(PIXEL_RANGE**2 * count / squares) if squares else inf


@METRICS.register_module(name=['Equivariance', 'EQ'])
class Equivariance(GenMetric):
    """Equivariance to translation and rotation (EQ-T, EQ-T_frac, EQ-R).

    The generator gets the movement with each call, as the argument
    ``transform`` (see `image_transform`), and keeps nothing of it. The images
    of a batch are moved alike: smaller batches mean more movements.

    Args:
        fake_nums: Number of images; each is made once for each movement
            besides.
        real_nums: Without meaning, as is ``real_key``; taken for configs of
            1.x.
        fake_key: Name of the image in the model's data samples.
        real_key: See ``real_nums``.
        sample_mode: ``'ema'`` or ``'orig'``.
        sample_kwargs: Passed to the model, e.g. truncation.
        collect_device: ``'cpu'`` or ``'gpu'``: where sums are kept.
        prefix: First part of the result keys.
        eq_cfg: ``compute_eqt_int``, ``compute_eqt_frac``, ``compute_eqr``:
            the numbers wanted, all where none is mentioned;
            ``translate_max``: largest shift along an axis, in image sides
            (0.125); ``rotate_max``: largest angle, in half turns (1).
        seed: Seed of images and movements.
    """

    default_prefix = 'EQ'
    needs_model = 'it lets the model move its images'

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = 0,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_mode: str = 'ema',
                 sample_kwargs: dict | None = None,
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 eq_cfg: dict | None = None,
                 seed: int = 0) -> None:
        super().__init__(fake_nums, fake_key, sample_mode, sample_kwargs,
                         seed, collect_device, prefix)
        eq_cfg = dict(eq_cfg or {})
        self.result_names = self._chosen(eq_cfg)
        self.limits = {name: eq_cfg.get(name, usual)
                       for name, usual in LIMITS.items()}
        for name, most in (('translate_max', 0.5), ('rotate_max', 1)):
            if not 0 < self.limits[name] <= most:
                raise ValueError(
                    f'{self}: {name}={self.limits[name]!r}, expected a number '
                    f'above 0 and up to {most}.')
        self._ask_for(1)

    def _chosen(self, eq_cfg: dict) -> tuple[str, ...]:
        """Names of the numbers wanted, of `NUMBERS`."""
        switches = {f'compute_{name}': name for name in NUMBERS}
        unknown = sorted(set(eq_cfg) - set(switches) - set(LIMITS))
        if unknown:
            raise ValueError(
                f'{self}: eq_cfg has {", ".join(unknown)}, expected '
                f'{", ".join([*switches, *LIMITS])}.')
        usual = not set(switches) & set(eq_cfg)
        names = tuple(name for switch, name in switches.items()
                      if eq_cfg.get(switch, usual))
        if not names:
            raise ValueError(f'{self}: eq_cfg wants no number. Set one of '
                             f'{", ".join(switches)} to True.')
        return names

    def _ask_for(self, side: int) -> None:
        """Want plain and moved images of ``side`` pixels."""
        seeds = {name: mix_seed(self.seed, place)
                 for place, name in enumerate(NUMBERS)}
        far, turn = self.limits['translate_max'], self.limits['rotate_max']
        known: dict[str, Shift | Rotation] = dict(
            eqt_int=Shift(far, seeds['eqt_int'], whole=side),
            eqt_frac=Shift(far, seeds['eqt_frac']),
            eqr=Rotation(turn, seeds['eqr']))
        self.movements = [known[name] for name in self.result_names]
        self.fake_request = replace(
            self.fake_request, variants=(Shift(0, 0), *self.movements))

    def meet(self, model: BaseModel, dataloader: DataLoader) -> None:
        sample_model = self.fake_request.sample_model
        generator = sampled_generator(model, sample_model)
        if generator is None \
                or 'transform' not in signature(generator.forward).parameters:
            raise TypeError(
                f'{self}: {type(generator or model).__name__} has no argument '
                'transform that moves its images. Use a generator that has, '
                'such as StyleGANv3Generator.')
        inputs = dict(num_batches=1, sample_model=sample_model,
                      sample_kwargs=dict(self.fake_request.sample_kwargs))
        image = fake_images(model.test_step(dict(inputs=inputs)),
                            sample_model, self.fake_key)
        height, width = image.shape[2:]
        if height != width:
            raise ValueError(f'{self}: images of {height} x {width} pixels, '
                             'expected square ones.')
        if 'eqr' in self.result_names and width <= 2 * FILTER_REACH:
            raise ValueError(
                f'{self}: images of {height} x {width} pixels, expected more '
                f'than {2 * FILTER_REACH}: the filter of a rotation takes '
                f'{FILTER_REACH} on each side. Set compute_eqr=False.')
        self._ask_for(width)

    def reset(self, device: torch.device | str) -> None:
        # For each movement: sum of squares, number of values.
        self._sums = torch.zeros(
            len(self.movements), 2, dtype=torch.float64, device=device)
        self._plain = torch.empty(0)
        self._seen = 0

    def process(self, batch: ImageBatch, take: int) -> None:
        assert batch.levels is not None  # the request has variants
        images = batch.levels[:take]
        if batch.variant == 0:
            self._plain = images
            self._seen += take
            return
        place = batch.variant - 1
        difference, valid = self.movements[place].difference(
            self._plain, images, batch.index)
        counted = difference[:, :, valid].double()
        self._sums[place] += self._sums.new_tensor(
            [counted.square().sum().item(), counted.numel()])

    def gather(self) -> None:
        parts = all_gather_object((self._sums.cpu(), self._seen))
        self._gathered = sum(sums for sums, _ in parts)
        seen = sum(seen for _, seen in parts)
        if seen != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {seen} generated images, expected fake_nums='
                f'{self.fake_nums}. Check that the model answers num_batches '
                'with as many images.')
        for name, count in zip(self.result_names, self._gathered[:, 1]):
            if not count:
                raise ValueError(
                    f'{self}: {name} has no pixel to compare: the images are '
                    'too small for such shifts. Use a smaller translate_max.')

    def compute(self) -> dict[str, float]:
        return {name: psnr(*sums) for name, sums in zip(
            self.result_names, self._gathered.tolist())}

    def identity(self) -> dict[str, Any]:
        return dict(super().identity(), numbers=list(self.result_names),
                    **self.limits)
