"""Settings of a config that say where images are, and how they are read."""
from typing import Any

from mmgen.apis.migration.writing import Name
from mmgen.apis.new_config.growing import plan_growth
from mmgen.apis.new_config.recipe import Recipe, Task

WORKERS = 4
VAL_BATCH = 32


def set_data(recipe: Recipe, task: Task, batch_reason: str,
             first_side: int = 0) -> None:
    """How images are read, and the three loaders.

    Args:
        recipe: To add to.
        task: Says what the data are like.
        batch_reason: Where the batch size is from.
        first_side: Where a growing network begins; 0 for one that does not.
    """
    steps, why = image_steps(task)
    pack = dict(type='PackGenInputs')
    recipe.set('pipeline', [*steps, pack], why)
    training, pipeline = Name('dataset'), Name('pipeline')
    if task.mirror:
        flip = dict(type='Flip', keys=['img'], direction='horizontal')
        recipe.set('train_pipeline', [*steps, flip, pack],
                   'Mirrored at random, as --mirror asks: twice the images, '
                   'if left and right mean nothing in them.')
        training = Name('dict(dataset, pipeline=train_pipeline)')
        pipeline = Name('train_pipeline')
    recipe.set('dataset', dict(_images(task), pipeline=Name('pipeline')),
               _images_reason(task))
    if first_side:
        training = _growing_images(task, first_side, pipeline)
        batch_reason += '; the numbers below are for each side'
    workers = _workers(task)
    recipe.set(
        'train_dataloader',
        dict(batch_size=task.batch.per_gpu, **workers,
             sampler=dict(type='InfiniteSampler', shuffle=True),
             dataset=training),
        f'{task.batch.total} images in an update, {task.batch.text}: '
        f'{batch_reason}.')
    recipe.set(
        'val_dataloader',
        dict(batch_size=VAL_BATCH, **workers,
             sampler=dict(type='DefaultSampler', shuffle=False),
             dataset=Name('dataset')),
        'The real images that the metric compares with: those of the '
        'training, as papers report it. How many at a time changes no number.')
    recipe.set('test_dataloader', Name('val_dataloader'), 'The same.')


def image_steps(task: Task) -> tuple[list[dict], str]:
    """Transforms from a file to an image of the model's size, and why."""
    found = task.found
    load: dict[str, Any] = dict(type='LoadImageFromFile', key='img')
    steps, why = [load], f'The images are {found.colour_text}'
    if task.channels == 1:
        load['flag'] = 'grayscale'
    if task.channels != found.channels:
        why += f' and read with {task.channels} channel(s), as --channels asks'
    if found.is_square and found.side == task.resolution:
        return steps, f'{why} and have {found.size_text} pixels already.'
    if found.is_square:
        why += f'. They have {found.size_text} pixels and are'
    else:
        steps.append(dict(type='CenterCropLongEdge', keys=['img']))
        why += (f'. Their sizes are {found.size_text}: the square in the '
                'middle is cut out and')
    steps.append(dict(
        type='Resize', scale=(task.resolution, task.resolution),
        backend='pillow', interpolation='lanczos'))
    return steps, (
        f'{why} scaled to {task.resolution}x{task.resolution}, each time '
        'anew; tools/dataset/prepare.py does it once.')


def _images(task: Task) -> dict[str, Any]:
    """The dataset without its pipeline."""
    found = task.found
    root = found.root.as_posix()
    if task.num_classes:
        images = dict(type='ImageNet', data_prefix=root)
        if found.ann_file is not None:
            images['ann_file'] = found.ann_file.as_posix()
        if found.kind == 'lmdb':
            images['backend_args'] = dict(backend='lmdb')
        return images
    images = dict(type='UnconditionalImageDataset', data_root=root)
    if found.kind == 'lmdb':
        images['io_backend'] = 'lmdb'
    return images


def _images_reason(task: Task) -> str:
    found = task.found
    what = f'{found.count} images'
    if task.num_classes and found.ann_file is not None:
        return f'{what}; the file says the class of each, one of ' \
            f'{task.num_classes}.'
    if task.num_classes:
        return f'{what} in {task.num_classes} folders, each a class.'
    return f'{what} without classes, at any depth.'


def _growing_images(task: Task, first_side: int,
                    pipeline: Name) -> dict[str, Any]:
    growth = plan_growth(
        first_side, task.resolution, task.kimg, task.batch.gpus)
    images = dict(
        type='GrowScaleImgDataset',
        data_roots={str(task.resolution): task.found.root.as_posix()},
        gpu_samples_base=task.batch.per_gpu,
        gpu_samples_per_scale={
            str(side): count for side, count in growth.per_gpu.items()},
        pipeline=pipeline)
    if task.found.kind == 'lmdb':
        images['io_backend'] = 'lmdb'
    return images


def _workers(task: Task) -> dict[str, Any]:
    """Processes that read images; on a CPU the training's own one."""
    if task.on_cpu:
        return dict(num_workers=0)
    return dict(num_workers=WORKERS, persistent_workers=True)
