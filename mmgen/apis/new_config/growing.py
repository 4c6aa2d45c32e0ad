"""PGGAN and StyleGAN: networks that grow, and batches that shrink with it."""
import math
from dataclasses import dataclass

from mmgen.apis.migration.writing import Name
from mmgen.apis.new_config.recipe import Recipe, Task, adam

# Thousands of images at each side before the last, and those of the fading in
# among them; at PGGAN's first one there is no fading in.
STAGE_KIMG = 1200
FADE_KIMG = 600
# Learning rates where they are not 0.001 (configs/styleganv1).
RATES = {'128': 0.0015, '256': 0.002, '512': 0.003, '1024': 0.003}
AVERAGE_IMGS = 10000
CPU_WIDTH = 48


@dataclass(frozen=True)
class Growth:
    """When the networks grow, and what a process reads meanwhile.

    Attributes:
        kimgs: Side to thousands of images at it.
        fade_kimg: Thousands of images in which the newest layers fade in.
        per_gpu: Side to images of a process in an iteration.
        max_iters: Iterations of all sides.
    """

    kimgs: dict[int, float]
    fade_kimg: float
    per_gpu: dict[int, int]
    max_iters: int


def plan_growth(first: int, resolution: int, kimg: float,
                gpus: int) -> Growth:
    """From the side ``first`` to ``resolution``, at most half of the run."""
    sides = [2**power for power in range(
        first.bit_length() - 1, resolution.bit_length())]
    wanted = {side: FADE_KIMG if side == 4 else STAGE_KIMG
              for side in sides[:-1]}
    share = min(1.0, kimg / 2 / max(sum(wanted.values()), 1))
    kimgs = {side: max(round(share * length, 2), 0.01)
             for side, length in wanted.items()}
    kimgs[resolution] = max(round(kimg - sum(kimgs.values()), 2), 0.01)
    per_gpu = {side: images_per_gpu(side, gpus) for side in sides}
    max_iters = sum(
        math.ceil(1000 * kimgs[side] / (per_gpu[side] * gpus))
        for side in sides)
    return Growth(kimgs, max(round(share * FADE_KIMG, 2), 0.01), per_gpu,
                  max_iters)


def images_per_gpu(side: int, gpus: int) -> int:
    """Images of a process in an iteration.

    Together those of 1.x on eight GPUs, 2048 over the side and at least 32, as
    far as a GPU holds them.
    """
    return max(1, min(max(2048 // side, 32) // gpus, 4096 // side))


def growing_batch(resolution: int, gpus: int, count: int) -> int:
    """Images of an iteration at the last side."""
    return gpus * images_per_gpu(resolution, gpus)


def pggan(recipe: Recipe, task: Task) -> None:
    """As published, for this resolution and length."""
    _set_networks(recipe, task, dict(out_scale=task.resolution),
                  dict(in_scale=task.resolution))
    _set_growth(recipe, task, 4)


def stylegan1(recipe: Recipe, task: Task) -> None:
    """As published, for this resolution and length."""
    _set_networks(recipe, task, dict(out_size=task.resolution),
                  dict(in_size=task.resolution))
    _set_growth(recipe, task, 8)


def _set_networks(recipe: Recipe, task: Task, generator: dict,
                  discriminator: dict) -> None:
    why = "The data's resolution."
    recipe.set('model.generator', generator, why)
    recipe.set('model.discriminator', discriminator, why)
    if task.on_cpu:
        for network in ('generator', 'discriminator'):
            recipe.set(f'model.{network}.max_channels', CPU_WIDTH,
                       'Narrow, so that a CPU can train it.')


def _set_growth(recipe: Recipe, task: Task, first: int) -> None:
    gpus = task.batch.gpus
    growth = plan_growth(first, task.resolution, task.kimg, gpus)
    recipe.set(
        'model.nkimgs_per_scale',
        {'_delete_': True,
         **{str(side): kimg for side, kimg in growth.kimgs.items()}},
        'Thousands of images at each side: 1200 as published, if the sides '
        'before the last are then at most half of the run.')
    recipe.set('model.transition_kimgs', growth.fade_kimg,
               'Half of that for new layers to fade in.')
    batch = task.batch.total
    recipe.set(
        'model.ema_config',
        dict(momentum=Name(f'1 - 0.5**({batch} / {AVERAGE_IMGS})')),
        f'Half-life of the averaged generator: {AVERAGE_IMGS} images at '
        f'{batch} in an update, about that of PGGAN (decay 0.999 with 16).')
    rates = {side: rate for side, rate in RATES.items()
             if int(side) <= task.resolution}
    recipe.set(
        'optim_wrapper',
        dict(
            generator=dict(optimizer=adam(0.001, (0.0, 0.99))),
            discriminator=dict(optimizer=adam(0.001, (0.0, 0.99))),
            lr_schedule=dict(generator=rates, discriminator=rates)),
        'Adam with the rate 0.001, more where the side is named: the '
        'published ones (configs/styleganv1).')
    recipe.set(
        'model_wrapper_cfg.find_unused_parameters', True,
        'Layers that are not in use yet have no gradients.')
