"""Improved DDPM."""
from mmgen.apis.migration.writing import Name
from mmgen.apis.new_config.recipe import Recipe, Task, set_optimizers
from mmgen.apis.new_config.residual_gans import HALF_LIFE
from mmgen.apis.new_config.rules import half_life_in_updates

SAMPLING_STEPS = 100
CPU_TIMESTEPS = 1000
CPU_SAMPLING_STEPS = 25
DROPOUT_BELOW = 100000


def improved_ddpm(recipe: Recipe, task: Task) -> None:
    """As published for CIFAR-10 and ImageNet-64, sampled in fewer steps."""
    if task.on_cpu:
        _set_small(recipe)
    steps = CPU_SAMPLING_STEPS if task.on_cpu else SAMPLING_STEPS
    recipe.set(
        'model.num_inference_steps', steps,
        f'Pictures and metric take {steps} of the timesteps, which the learnt '
        'variance allows for (arXiv:2102.09672, section 4). None for all.')
    if task.resolution == 32:
        recipe.set('model.data_preprocessor', dict(rgb_to_bgr=False),
                   'Images from files come as BGR, those of CIFAR-10 as RGB.')
    if task.channels == 1:
        recipe.set('model.denoising.in_channels', 1, 'The data are grey.')
    if task.num_classes:
        recipe.set('model.denoising.num_classes', task.num_classes,
                   "The data's classes, added to the timestep.")
    if task.found.count < DROPOUT_BELOW:
        recipe.set(
            'model.denoising.dropout', 0.3,
            f'Against overfitting to {task.found.count} images: the share that '
            'the published config has for the 50,000 of CIFAR-10.')
    half_life = half_life_in_updates(HALF_LIFE, task.updates)
    recipe.set(
        'model.ema_config',
        dict(momentum=Name(f'1 - 0.5**(1 / {half_life})')),
        f'Half-life of the averaged network: {half_life} of {task.updates} '
        'updates. The decay 0.9999 of arXiv:2102.09672 is one of 6931; at '
        'most a twentieth of the run, so that the first weights are forgotten.')
    set_optimizers(
        recipe, task.batch,
        dict(denoising=dict(type='AdamW', lr=0.0001, weight_decay=0)),
        "The published configs' AdamW (configs/improved_ddpm).")


def _set_small(recipe: Recipe) -> None:
    """The network and the steps of configs/quickstart."""
    recipe.set('model.num_timesteps', CPU_TIMESTEPS,
               'A quarter of the timesteps: a small network learns them sooner.')
    recipe.set(
        'model.denoising',
        dict(base_channels=32, channels_cfg=[1, 2, 2],
             resblocks_per_downsample=1, attention_res=[8], num_heads=2,
             norm_cfg=dict(type='GN', num_groups=8)),
        'About a fortieth of the weights, so that a CPU can train it.')
    recipe.set(
        'model.ddpm_loss',
        [dict(type='DDPMVLBLoss', rescale_mode='constant',
              rescale_cfg=dict(scale=Name(f'0.001 * {CPU_TIMESTEPS}'))),
         dict(type='DDPMMSELoss')],
        'lambda of the hybrid loss is 0.001 for the sum over all steps '
        '(arXiv:2102.09672, section 3).')
