"""Multi-scale structural similarity of pairs of generated images.

Wang, Simoncelli and Bovik 2003, "Multiscale structural similarity for image
quality assessment". Odena et al. 2017, arXiv:1610.09585, section 4.2, measure
with it how diverse a model is: pairs that are too alike have a high number.
"""
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather_object, all_reduce
from torch import Tensor

from mmgen.evaluation.features import ImageBatch
from mmgen.evaluation.metrics.base import GenMetric
from mmgen.registry import METRICS

# Exponents of the scales, the finest first; section 3.2 of the paper.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST_SIDE = 2**(len(SCALE_WEIGHTS) - 1)
WINDOW_SIZE, WINDOW_SIGMA = 11, 1.5
RANGE = 255
C1, C2 = (0.01 * RANGE)**2, (0.03 * RANGE)**2


def gaussian_window(size: int, sigma: float) -> Tensor:
    """A row of the separable window, float64 ``[size]``, sum 1."""
    place = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    row = torch.exp(-place.square() / (2 * sigma**2))
    return row / row.sum()


def ssim(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Structural similarity, and its factor of contrast and structure.

    Args:
        a: Images in [0, 255], float64 ``[N, C, H, W]``.
        b: Likewise.

    Returns:
        Both ``[N]``, means over channels and over the pixels around which the
        window fits; the window shrinks with images smaller than it.

    Source: Wang et al. 2004, "Image quality assessment: from error visibility
    to structural similarity", equations 12 and 13.
    """
    size = min(WINDOW_SIZE, *a.shape[2:])
    row = gaussian_window(size, WINDOW_SIGMA * size / WINDOW_SIZE).to(a)

    def smooth(x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = row.expand(channels, 1, 1, size)
        x = F.conv2d(x, kernel, groups=channels)
        return F.conv2d(x, kernel.transpose(2, 3), groups=channels)

    mean_a, mean_b = smooth(a), smooth(b)
    var_a = smooth(a * a) - mean_a.square()
    var_b = smooth(b * b) - mean_b.square()
    cov = smooth(a * b) - mean_a * mean_b
    contrast = (2 * cov + C2) / (var_a + var_b + C2)
    luminance = (2 * mean_a * mean_b + C1) / (
        mean_a.square() + mean_b.square() + C1)
    return ((luminance * contrast).mean(dim=(1, 2, 3)),
            contrast.mean(dim=(1, 2, 3)))


def ms_ssim(a: Tensor, b: Tensor) -> Tensor:
    """Product of the scales' similarities, each to its weight (equation 7).

    Images that vary against each other have a negative factor, of which there
    is no power: it counts as 0.

    Args:
        a: Images in [0, 255], ``[N, C, H, W]``, sides of 16 or more.
        b: Likewise.

    Returns:
        float64 ``[N]``.
    """
    if a.shape != b.shape or min(a.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(
            f'ms_ssim: images of {list(a.shape)} and {list(b.shape)}, '
            f'expected equal sizes of at least {SMALLEST_SIDE}x'
            f'{SMALLEST_SIDE} pixels, which can be halved '
            f'{len(SCALE_WEIGHTS) - 1} times.')
    a, b = a.double(), b.double()
    result = a.new_ones(len(a))
    for weight in SCALE_WEIGHTS[:-1]:
        _, contrast = ssim(a, b)
        result = result * contrast.clamp(min=0)**weight
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    coarsest, _ = ssim(a, b)
    return result * coarsest.clamp(min=0)**SCALE_WEIGHTS[-1]


@METRICS.register_module(name=['MultiScaleStructureSimilarity', 'MS_SSIM'])
class MultiScaleStructureSimilarity(GenMetric):
    """Mean multi-scale SSIM of the generated images 0 and 1, 2 and 3, ...

    Args:
        fake_nums: Number of generated images, an even one.
        fake_key: Name of the image in the model's data samples.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where sums are kept.
        prefix: First part of the result keys.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
    """

    default_prefix = 'MS-SSIM'
    result_names = ('avg', )

    def __init__(self,
                 fake_nums: int | float,
                 fake_key: str | None = None,
                 sample_model: str = 'ema',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0) -> None:
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device, prefix)
        if self.fake_nums % 2:
            raise ValueError(f'{self}: fake_nums={fake_nums}, expected an '
                             'even number: images are compared in pairs.')

    def reset(self, device: torch.device | str) -> None:
        # sum over the pairs, number of pairs
        self._sums = torch.zeros(2, dtype=torch.float64, device=device)
        # Images whose partner is in another batch, by place.
        self._alone: dict[int, Tensor] = {}

    def process(self, batch: ImageBatch, take: int) -> None:
        first = batch.start % 2
        last = first + (take - first) // 2 * 2
        if first:
            self._alone[batch.start] = batch.images[0].cpu()
        if last < take:
            self._alone[batch.start + last] = batch.images[last].cpu()
        self._compare(batch.images[first:last:2],
                      batch.images[first + 1:last:2])

    def _compare(self, a: Tensor, b: Tensor) -> None:
        if len(a):
            found = ms_ssim(a, b).to(self._sums)
            self._sums += torch.stack([found.sum(), found.new_tensor(len(a))])

    def gather(self) -> None:
        all_reduce(self._sums)
        alone = {place: image for part in all_gather_object(self._alone)
                 for place, image in part.items()}
        for place in sorted(alone):
            if place % 2 == 0 and place + 1 in alone:
                self._compare(alone[place][None], alone[place + 1][None])
        pairs = int(self._sums[1])
        if 2 * pairs != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {pairs} pairs of generated images, expected '
                f'{self.fake_nums // 2} (fake_nums={self.fake_nums}). Check '
                'that the model answers num_batches with as many images.')

    def compute(self) -> dict[str, float]:
        return dict(avg=float(self._sums[0] / self._sums[1]))
