"""BigGAN, SAGAN and SNGAN with projection: residual networks, classes."""
import math

from mmgen.apis.migration.writing import Name
from mmgen.apis.new_config.recipe import (Recipe, Task, adam,
                                          set_diff_augment, set_optimizers)
from mmgen.apis.new_config.rules import half_life_in_updates

# Half-life of an average with the decay 0.9999, in updates: 6931.
HALF_LIFE = math.log(0.5) / math.log(0.9999)
AVERAGE_FROM = 20000  # updates; that of the published config for 128 pixels

# Data as large as ImageNet's, for which batches of 2048 are worth it.
MANY_IMAGES = 1000000


def biggan_batch(resolution: int, gpus: int, count: int) -> int:
    """Images of an update.

    Source: arXiv:1809.11096, appendix C for CIFAR-10 (50), table 1 for
    ImageNet (256 to 2048).
    """
    if resolution == 32:
        return 50
    return 2048 if count >= MANY_IMAGES else 256


def biggan(recipe: Recipe, task: Task) -> None:
    """As published for CIFAR-10 at 32 pixels, else as for ImageNet."""
    _set_sizes(recipe, task, 'in_channels')
    if task.on_cpu:
        _set_width(recipe, 8, 8)
        if task.resolution > 32:
            recipe.set('model.generator.shared_dim', 32,
                       'A smaller embedding of the class beside narrow layers.')
    set_diff_augment(recipe, task)
    steps = 4 if task.resolution == 32 else 1
    gen_updates = task.updates // steps
    half_life = half_life_in_updates(HALF_LIFE, gen_updates)
    start = min(1000 if task.resolution == 32 else AVERAGE_FROM,
                gen_updates // 20)
    recipe.set(
        'model.ema_config',
        dict(momentum=Name(f'1 - 0.5**(1 / {half_life})'), start_iter=start),
        f'Half-life of the averaged generator: {half_life} of its '
        f'{gen_updates} updates. The decay 0.9999 of arXiv:1809.11096 is one '
        'of 6931; at most a twentieth of the run, so that the first weights '
        f'are forgotten. It begins after {start} updates.')
    if task.resolution == 32:
        set_optimizers(
            recipe, task.batch,
            dict(generator=adam(0.0002, (0.0, 0.999)),
                 discriminator=adam(0.0002, (0.0, 0.999))),
            'Rates for CIFAR-10 (arXiv:1809.11096, appendix C), with four '
            'updates of the discriminator for one of the generator.')
    else:
        set_optimizers(
            recipe, task.batch,
            dict(generator=adam(0.0001, (0.0, 0.999), eps=1e-6),
                 discriminator=adam(0.0004, (0.0, 0.999), eps=1e-6)),
            'Rates of the published config for ImageNet at 128 pixels '
            '(configs/biggan).')


def sagan(recipe: Recipe, task: Task) -> None:
    """As published for CIFAR-10 at 32 pixels, else as for ImageNet."""
    _set_sizes(recipe, task, 'input_channels')
    if task.resolution == 64:
        recipe.set(
            'model.generator.attention_after_nth_block', 3,
            'Attention where the feature map has 32 pixels, as it has in the '
            'discriminator.')
    _set_narrow_sngan(recipe, task)
    set_diff_augment(recipe, task)
    _set_projection_rates(
        recipe, task, dict(generator=0.0001, discriminator=0.0004),
        'Two rates (arXiv:1805.08318, section 4.2): one update of the '
        'discriminator for one of the generator.')


def sngan(recipe: Recipe, task: Task) -> None:
    """As published for CIFAR-10 at 32 pixels, else as for ImageNet."""
    _set_sizes(recipe, task, 'input_channels')
    _set_narrow_sngan(recipe, task)
    set_diff_augment(recipe, task)
    _set_projection_rates(
        recipe, task, dict(generator=0.0002, discriminator=0.00005),
        'Rates of the published config for ImageNet (configs/sngan_proj), '
        'with five updates of the discriminator for one of the generator.')


def _set_projection_rates(recipe: Recipe, task: Task,
                          rates: dict[str, float], why: str) -> None:
    """Those of CIFAR-10 at 32 pixels, else ``rates``."""
    betas = (0.0, 0.999)
    if task.resolution == 32:
        rates = dict(generator=0.0002, discriminator=0.0002)
        betas = (0.5, 0.999)
        why = ('Rates of the published config for CIFAR-10, with five updates '
               'of the discriminator for one of the generator.')
    set_optimizers(
        recipe, task.batch,
        {network: adam(rate, betas) for network, rate in rates.items()}, why)


def _set_narrow_sngan(recipe: Recipe, task: Task) -> None:
    if task.on_cpu:
        width = 32 if task.resolution == 32 else 8
        _set_width(recipe, width, width)


def _set_width(recipe: Recipe, generator: int, discriminator: int) -> None:
    for network, width in (('generator', generator),
                           ('discriminator', discriminator)):
        recipe.set(f'model.{network}.base_channels', width,
                   'Narrow, so that a CPU can train it.')


def _set_sizes(recipe: Recipe, task: Task, in_channels: str) -> None:
    """Resolution, classes and channels, of both networks.

    Args:
        recipe: To add to.
        task: Says them.
        in_channels: What the discriminator calls its channels.
    """
    classes = task.num_classes
    recipe.set(
        'model.num_classes', classes or None,
        f"The data's classes, {classes}; model and networks are told each for "
        'itself.' if classes else 'The data have no classes.')
    if task.resolution == 32:
        recipe.set('model.data_preprocessor', dict(rgb_to_bgr=False),
                   'Images from files come as BGR, those of CIFAR-10 as RGB.')
    generator = dict(output_scale=task.resolution, num_classes=classes)
    discriminator = dict(input_scale=task.resolution, num_classes=classes)
    why = "Resolution and classes of the data."
    if task.channels == 1:
        generator['out_channels'] = discriminator[in_channels] = 1
        why = 'Resolution and classes of the data, which are grey.'
    recipe.set('model.generator', generator, why)
    recipe.set('model.discriminator', discriminator, why)
