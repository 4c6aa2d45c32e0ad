"""R3GAN, from the settings of its paper for three data sets."""
from mmgen.apis.new_config.recipe import Recipe, Task, adam, set_optimizers

# Channels from 4x4 pixels on: those published for 256 pixels (FFHQ), as far
# as the resolution goes. The published networks for 32 and 64 are the same.
WIDTHS = (768, 768, 768, 768, 384, 192, 96)

# First gamma by resolution, which falls to a tenth: CIFAR-10, FFHQ-64 and
# FFHQ-256; that of 128 is the geometric mean of its neighbours.
GAMMAS = {32: 0.05, 64: 2.0, 128: 17.0, 256: 150.0}
PUBLISHED_KIMG = 20000


def r3gan_batch(resolution: int, gpus: int, count: int) -> int:
    """512 images for CIFAR-10, 256 for FFHQ (configs/r3gan)."""
    return 512 if resolution == 32 else 256


def r3gan(recipe: Recipe, task: Task) -> None:
    """All schedules take the length of the training."""
    side = task.resolution
    if task.num_classes:
        recipe.set('model.num_classes', task.num_classes,
                   "The data's classes; both networks are told them.")
    _set_networks(recipe, task)
    is_cifar = side == 32
    recipe.set(
        'model.disc_augment',
        dict(final_p=0.55 if is_cifar else 0.3, ramp_iters=task.max_iters),
        'Probability of augmentation at the end of the run: the published '
        f'one for {"CIFAR-10" if is_cifar else "FFHQ"} (configs/r3gan).')
    gamma = GAMMAS[side]
    between = side == 128
    recipe.set(
        'model.loss_config',
        dict(gamma=(gamma, gamma / 10), gamma_iters=task.updates),
        'R1 and R2: gamma falls to a tenth. ' + (
            'Between the published ones for 64 and 256 pixels.' if between
            else 'The published one for '
            f'{"CIFAR-10" if is_cifar else f"FFHQ at {side} pixels"} '
            '(configs/r3gan).')
        + ' It is what depends most on the data: try other values.')
    published = 5000 if is_cifar else 500
    kimg = published * min(1, task.kimg / PUBLISHED_KIMG)
    recipe.set(
        'model.ema_config',
        dict(ema_kimg=kimg, ramp_kimg=task.kimg,
             batch_size=task.batch.total),
        f'Half-life of the averaged generator at the end: {kimg:g} thousand '
        f'images, {published} in a published run of 20 million images '
        '(configs/r3gan), shorter in proportion to the run.')
    set_optimizers(
        recipe, task.batch,
        dict(generator=adam(0.0002, (0.0, 0.9)),
             discriminator=adam(0.0002, (0.0, 0.9))),
        "The published configs' Adam (configs/r3gan).")
    recipe.set(
        'param_scheduler',
        [dict(type='CosineAnnealingLR', eta_min=5e-5, T_max=task.max_iters),
         dict(type='CosineBeta2', end_value=0.99)],
        'The rate falls to a quarter, beta2 rises to 0.99, along the whole '
        'run (configs/r3gan).')


def _set_networks(recipe: Recipe, task: Task) -> None:
    stages = task.resolution.bit_length() - 2
    widths = (32, ) * stages if task.on_cpu else WIDTHS[:stages]
    generator, discriminator = dict(widths=widths), dict(widths=widths)
    if task.on_cpu:
        for network in (generator, discriminator):
            network.update(blocks_per_stage=1)
    if task.channels == 1:
        generator['out_channels'] = discriminator['in_channels'] = 1
    why = ('Narrow, with one block at each resolution, so that a CPU can train '
           'it.' if task.on_cpu else
           'Channels from 4x4 pixels to the resolution, as published for FFHQ.')
    recipe.set('model.generator', generator, why)
    recipe.set('model.discriminator', discriminator, why)
