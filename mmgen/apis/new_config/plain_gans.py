"""DCGAN, LSGAN, GGAN and WGAN-GP: networks without classes."""
from mmgen.apis.new_config.recipe import (Recipe, Task, adam,
                                          set_diff_augment, set_optimizers)


def dcgan(recipe: Recipe, task: Task) -> None:
    """As the paper has it."""
    _set_dcgan_networks(recipe, task)
    set_optimizers(
        recipe, task.batch,
        dict(generator=adam(0.0002, (0.5, 0.999)),
             discriminator=adam(0.0002, (0.5, 0.999))),
        'Adam with the rate 0.0002 and beta1 = 0.5 (arXiv:1511.06434, '
        'section 4).')


def lsgan(recipe: Recipe, task: Task) -> None:
    """DCGAN's networks with least squares."""
    recipe.set('model.type', 'LSGAN',
               "Squares in place of DCGAN's logarithms; the networks are its.")
    _set_gentle_dcgan(recipe, task, 'lsgan')


def ggan(recipe: Recipe, task: Task) -> None:
    """DCGAN's networks with the hinge."""
    recipe.set('model.type', 'GGAN',
               "The hinge in place of DCGAN's logarithms; the networks are "
               'its.')
    _set_gentle_dcgan(recipe, task, 'ggan')


def wgan_gp(recipe: Recipe, task: Task) -> None:
    """As published."""
    generator = dict(out_scale=task.resolution)
    discriminator = dict(in_scale=task.resolution)
    why = "The data's resolution."
    if task.channels == 1:
        generator['out_channels'] = discriminator['in_channel'] = 1
        why = "The data's resolution; they are grey."
    recipe.set('model.generator', generator, why)
    recipe.set('model.discriminator', discriminator, why)
    if task.on_cpu:
        for network in ('generator', 'discriminator'):
            recipe.set(f'model.{network}.base_channels', 4,
                       'An eighth of the width, so that a CPU can train it.')
    set_optimizers(
        recipe, task.batch,
        dict(generator=adam(0.0001, (0.5, 0.9)),
             discriminator=adam(0.0001, (0.5, 0.9))),
        "The published configs' Adam (configs/wgan-gp), with five updates of "
        'the discriminator for one of the generator.')


def _set_gentle_dcgan(recipe: Recipe, task: Task, folder: str) -> None:
    _set_dcgan_networks(recipe, task)
    set_optimizers(
        recipe, task.batch,
        dict(generator=adam(0.0001, (0.5, 0.99)),
             discriminator=adam(0.0001, (0.5, 0.99))),
        f'The lower of the rates of the published configs (configs/{folder}), '
        'which have 0.001 for 64-pixel faces and 0.0001 otherwise.')


def _set_dcgan_networks(recipe: Recipe, task: Task) -> None:
    generator = dict(output_scale=task.resolution)
    discriminator = dict(input_scale=task.resolution)
    why = "The data's resolution."
    if task.channels == 1:
        generator['out_channels'] = discriminator['in_channels'] = 1
        why = "The data's resolution; they are grey."
    recipe.set('model.generator', generator, why)
    recipe.set('model.discriminator', discriminator, why)
    if task.on_cpu:
        for network, width in (('generator', 128), ('discriminator', 32)):
            recipe.set(f'model.{network}.base_channels', width,
                       'Narrow, so that a CPU can train it.')
    set_diff_augment(recipe, task)
