"""StyleGAN2 with adaptive augmentation, and StyleGAN3."""
from mmgen.apis.migration.writing import Name
from mmgen.apis.new_config.recipe import Recipe, Task, adam, set_optimizers
from mmgen.apis.new_config.rules import ema_kimg, stylegan2_rate

# All geometric and colour transforms, no filters and no noise: "bgc".
AUGMENTATIONS = dict(
    xflip=1, rotate90=1, xint=1, scale=1, rotate=1, aniso=1, xfrac=1,
    brightness=1, contrast=1, lumaflip=1, hue=1, saturation=1)
# The gains of arXiv:2006.06676 shrink as images get more; those of its sets
# with more than this are small.
MANY_IMAGES = 100000
CPU_WIDTH = 48  # channels at most, as configs/quickstart has them


def stylegan2(recipe: Recipe, task: Task) -> None:
    """The automatic settings of arXiv:2006.06676."""
    side, batch = task.resolution, task.batch.total
    _set_classes(recipe, task)
    recipe.set('model.generator', dict(out_size=side),
               "The data's resolution.")
    recipe.set('model.discriminator', dict(in_size=side),
               "The data's resolution.")
    recipe.set(
        'model.generator.num_mlps', 2,
        'Two mapping layers where StyleGAN2 has eight: the automatic settings '
        'of arXiv:2006.06676.')
    if task.on_cpu:
        _set_widths(
            recipe, dict(style_channels=128, channel_multiplier=1,
                         max_channels=CPU_WIDTH),
            dict(channel_multiplier=1, max_channels=CPU_WIDTH),
            'Narrow, so that a CPU can train it: at most a tenth of the width.')
    else:
        factor = 2 if side >= 512 else 1
        _set_widths(
            recipe, dict(channel_multiplier=factor),
            dict(channel_multiplier=factor),
            'Full widths from 512 pixels on, half of them below: the '
            'automatic settings of arXiv:2006.06676.')
    _set_ada(recipe, task)
    recipe.set(
        'model.loss_config.r1_loss_weight',
        Name(f'0.0002 * {side}**2 / {batch} / 2 * 16'),
        'R1 with gamma = 0.0002 * pixels / batch = '
        f'{0.0002 * side**2 / batch:.4g} (arXiv:2006.06676, appendix C). If '
        'training falls apart try more, if images lack detail less. The weight '
        'is gamma / 2, times the interval of 16 updates.')
    if task.on_cpu:
        recipe.set(
            'model.loss_config.g_reg_weight', 0,
            'No path length penalty: it costs time, and the authors leave it '
            'out for CIFAR-10 too.')
    _set_average(recipe, task)
    rate = stylegan2_rate(side)
    _set_lazy_adam(
        recipe, task, rate, rate, None if task.on_cpu else '4 / 5',
        f'{rate} (0.002 from 1024 pixels on): the automatic settings of '
        'arXiv:2006.06676. The fractions make up for penalties that are due '
        'in one update of several (arXiv:1912.04958, appendix B).')


def stylegan3(recipe: Recipe, task: Task) -> None:
    """Configuration T; gamma in proportion to the published one."""
    side, batch = task.resolution, task.batch.total
    _set_classes(recipe, task)
    recipe.set('model.generator', dict(out_size=side),
               "The data's resolution.")
    recipe.set('model.discriminator', dict(in_size=side),
               "The data's resolution.")
    if task.on_cpu:
        _set_widths(
            recipe, dict(style_channels=128, noise_size=128,
                         synthesis_cfg=dict(
                             channel_base=2048, channel_max=CPU_WIDTH)),
            dict(channel_multiplier=1, max_channels=CPU_WIDTH),
            'Narrow, so that a CPU can train it: at most a tenth of the width.')
    elif side < 512:
        _set_widths(
            recipe, dict(synthesis_cfg=dict(channel_base=16384)),
            dict(channel_multiplier=1),
            'Half of the widths below 512 pixels, as in the published config '
            'for 256.')
    _set_ada(recipe, task)
    recipe.set(
        'model.loss_config.r1_loss_weight',
        Name(f'0.001 * {side}**2 / {batch} / 2 * 16'),
        f'R1 with gamma = {0.001 * side**2 / batch:.4g}: in proportion to '
        'pixels / batch as in the published configs for FFHQ, which have 2 at '
        '256 and 32.8 at 1024 pixels with batches of 32. Data differ: try '
        'twice as much and half of it. The weight is gamma / 2, times the '
        'interval of 16 updates.')
    _set_average(recipe, task)
    _set_lazy_adam(
        recipe, task, 0.0025, 0.002, None,
        "The published configs' rates (configs/styleganv3). The fraction "
        'makes up for a penalty that is due in one update of 16 '
        '(arXiv:1912.04958, appendix B).')


def _set_classes(recipe: Recipe, task: Task) -> None:
    if task.num_classes:
        recipe.set('model.num_classes', task.num_classes,
                   "The data's classes; both networks are told them.")


def _set_widths(recipe: Recipe, generator: dict, discriminator: dict,
                why: str) -> None:
    """Widths, said once for the generator and once for the discriminator."""
    for network, widths in (('generator', generator),
                            ('discriminator', discriminator)):
        (first, value), *more = widths.items()
        recipe.set(f'model.{network}.{first}', value, why)
        recipe.settings['model'][network].update(more)
        why = 'The same.'


def _set_ada(recipe: Recipe, task: Task) -> None:
    """Adaptive augmentation, unless there are very many images."""
    if task.found.count >= MANY_IMAGES:
        return
    speed = min(500, max(1, round(task.kimg / 4)))
    recipe.set(
        'model.disc_augment',
        dict(type='ADAAug', aug_pipeline=AUGMENTATIONS, ada_target=0.6,
             ada_kimg=speed),
        f'{task.found.count} images: augmentation as strong as the '
        "discriminator's overfitting asks for, with the target 0.6 of "
        'arXiv:2006.06676, section 3. Its probability can rise from 0 to 1 '
        f'within {speed} thousand images (the paper: 500; at most a quarter of '
        'the run). From some 100 thousand images on it is not needed.')


def _set_average(recipe: Recipe, task: Task) -> None:
    batch = task.batch.total
    recipe.set(
        'model.ema_config',
        dict(_delete_=True, type='RampUpEMA', ema_kimg=ema_kimg(batch),
             batch_size=batch),
        f'Half-life of the averaged generator: batch * 10 / 32 = '
        f'{ema_kimg(batch):g} thousand images (automatic settings of '
        'arXiv:2006.06676), at the start a twentieth of those shown so far.')


def _set_lazy_adam(recipe: Recipe, task: Task, gen_rate: float,
                   disc_rate: float, gen_share: str | None,
                   why: str) -> None:
    """Adam, its rates and betas lessened where penalties are lazy.

    Args:
        recipe: To add to.
        task: For the accumulation.
        gen_rate: Of the generator.
        disc_rate: Of the discriminator.
        gen_share: ``k / (k + 1)`` of the generator's penalty; None without.
        why: Where the rates are from.
    """
    optimizers = {
        network: adam(rate, (0.0, 0.99)) if share is None else adam(
            Name(f'{rate} * {share}'), Name(f'(0.0, 0.99**({share}))'))
        for network, rate, share in (
            ('generator', gen_rate, gen_share),
            ('discriminator', disc_rate, '16 / 17'))
    }
    set_optimizers(recipe, task.batch, optimizers, why)
