"""A config in the making: settings, each with its reason."""
from dataclasses import dataclass
from typing import Any

from mmgen.apis.migration.writing import config_text
from mmgen.apis.new_config.found import Found
from mmgen.apis.new_config.rules import Batch

# Fewer images than these are augmented for the discriminator. The gains of
# arXiv:2006.10738 are large with a tenth and a fifth of CIFAR-10's 50,000.
FEW_IMAGES = 30000


@dataclass(frozen=True)
class Task:
    """What a config is for.

    Attributes:
        found: The data.
        resolution: Side of the model's images, pixels.
        channels: 1 for grey images, 3 for colours.
        num_classes: Classes; 0 for none.
        batch: How many images make an update.
        kimg: Thousands of images of the training.
        max_iters: Iterations that show them.
        on_cpu: Whether the networks are to be small enough for a CPU.
        mirror: Whether images are mirrored at random.
    """

    found: Found
    resolution: int
    channels: int
    num_classes: int
    batch: Batch
    kimg: float
    max_iters: int
    on_cpu: bool
    mirror: bool

    @property
    def updates(self) -> int:
        """Updates of the discriminator, or of the only network."""
        return self.max_iters // self.batch.accumulation


class Recipe:
    """Settings in the order in which they will stand, and their reasons."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.reasons: dict[str, list[str]] = {}

    def set(self, path: str, value: Any, why: str) -> None:
        """Set what a dotted path names; dicts on the way are made."""
        place = self.settings
        *parts, last = path.split('.')
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
        self.reasons.setdefault(path, []).append(why)

    def text(self, head: str) -> str:
        """The file."""
        return config_text(self.settings, self.reasons, head, mark='')


def set_optimizers(recipe: Recipe, batch: Batch,
                   optimizers: dict[str, dict], why: str) -> None:
    """One optimiser for each network.

    Args:
        recipe: To add to.
        batch: Says how many iterations make an update.
        optimizers: Network to its optimiser.
        why: Where rates and betas are from.
    """
    wrapper: dict[str, Any] = dict(constructor='GenOptimWrapperConstructor')
    for network, optimizer in optimizers.items():
        wrapper[network] = dict(optimizer=optimizer)
        if batch.accumulation > 1:
            wrapper[network]['accumulative_counts'] = batch.accumulation
    if batch.accumulation > 1:
        why += (f' {batch.accumulation} iterations make one update, since a '
                f'GPU does not hold more than {batch.per_gpu} images.')
    recipe.set('optim_wrapper', wrapper, why)


def adam(rate: float, betas: tuple, **more: Any) -> dict:
    """The config of an Adam."""
    return dict(type='Adam', lr=rate, betas=betas, **more)


def set_diff_augment(recipe: Recipe, task: Task) -> None:
    """DiffAugment, where images are few."""
    if task.found.count < FEW_IMAGES:
        recipe.set(
            'model.disc_augment',
            dict(type='DiffAugment', policy='color,translation,cutout'),
            f'{task.found.count} images are few: without augmentation the '
            'discriminator learns them by heart. Zhao et al. 2020, '
            'arXiv:2006.10738; from some tens of thousands on it is not '
            'needed.')
