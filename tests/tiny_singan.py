"""A SinGAN of a few thousand weights, its data and complete runs of it."""
import copy
import uuid
from pathlib import Path

import numpy as np
import torch
from mmengine.optim import OptimWrapperDict
from PIL import Image
from torch import nn

from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS

# Three scales of two rounds of two updates each: 12 iterations.
SINGAN = dict(
    type='SinGAN',
    data_preprocessor=dict(
        type='GANDataPreprocessor', non_image_keys=['input_sample']),
    num_scales=2,
    iters_per_scale=2,
    discriminator_steps=2,
    generator_steps=2,
    lr_scheduler_args=dict(milestones=[1], gamma=0.1),
    generator=dict(
        type='SinGANMultiScaleGenerator',
        in_channels=3,
        out_channels=3,
        num_scales=2,
        base_channels=4,
        min_feat_channels=4),
    discriminator=dict(
        type='SinGANMultiScaleDiscriminator',
        in_channels=3,
        num_scales=2,
        base_channels=4,
        min_feat_channels=4))
STAGE = 4

PE = dict(
    type='SinGANMSGeneratorPE',
    padding=1,
    pad_at_head=False,
    positional_encoding=dict(type='CSG'),
    first_stage_in_channels=2)
PE_SINGAN = dict(
    SINGAN,
    type='PESinGAN',
    first_fixed_noises_ch=2,
    generator=dict(SINGAN['generator'], **PE))

SIZES = [(12, 16), (16, 21), (20, 27)]
ADAM = dict(type='Adam', lr=1e-3, betas=(0.5, 0.999))


def build(cfg: dict = SINGAN, seed: int = 0, **settings) -> nn.Module:
    """The model, its weights drawn from ``seed``."""
    torch.manual_seed(seed)
    return MODELS.build(copy.deepcopy({**cfg, **settings}))


def optimizers(model: nn.Module, optimizer: dict = ADAM,
               **wrapper) -> OptimWrapperDict:
    """One for each scale and network."""
    cfg = {
        name: dict(optimizer=optimizer, **wrapper)
        for name in ('generator', 'discriminator')
    }
    return OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='SinGANOptimWrapperConstructor',
            optim_wrapper_cfg=copy.deepcopy(cfg)))(model)


def batch(sizes: list = SIZES, batch_size: int = 1) -> dict:
    """Random images in the sizes of the scales."""
    rng = torch.Generator().manual_seed(5)
    images = {
        f'real_scale{scale}': torch.randint(
            0, 256, (batch_size, 3, *size), generator=rng, dtype=torch.uint8)
        for scale, size in enumerate(sizes)
    }
    start = torch.zeros(batch_size, 3, *sizes[0])
    return dict(inputs=dict(images, input_sample=start))


def train(model: nn.Module, wrappers: OptimWrapperDict, steps: int) -> list:
    """``steps`` iterations; what they logged."""
    logs = []
    for _ in range(steps):
        model.train()
        log = model.train_step(batch(), wrappers)
        logs.append({key: value.item() for key, value in log.items()})
    return logs


def write_photo(folder: Path) -> Path:
    """A photograph of 20 x 27 pixels, whose scales are 12, 15 and 20 high."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 27, 3), np.uint8)
    Image.fromarray(pixels).save(folder / 'photo.png')
    return folder / 'photo.png'


def run_config(photo: Path, work_dir: Path, model: dict = SINGAN) -> dict:
    """A complete run over all scales."""
    return dict(
        default_scope='mmgen',
        work_dir=str(work_dir),
        model=copy.deepcopy(model),
        train_dataloader=dict(
            batch_size=1,
            num_workers=0,
            dataset=dict(
                type='SinGANDataset',
                data_root=str(photo),
                min_size=12,
                max_size=30,
                scale_factor_init=0.6,
                pipeline=[dict(type='PackGenInputs', pack_all=True)]),
            sampler=None),
        train_cfg=dict(by_epoch=False, max_iters=3 * STAGE),
        optim_wrapper=dict(
            constructor='SinGANOptimWrapperConstructor',
            generator=dict(optimizer=dict(ADAM)),
            discriminator=dict(optimizer=dict(ADAM))),
        model_wrapper_cfg=dict(
            type='MMSeparateDistributedDataParallel',
            find_unused_parameters=True),
        default_hooks=dict(
            logger=dict(
                type='LoggerHook', interval=5, log_metric_by_epoch=False),
            checkpoint=dict(
                type='CheckpointHook', interval=1, by_epoch=False)),
        custom_hooks=[
            dict(
                type='PickleDataHook',
                output_dir='pickle',
                data_name_list=['noise_weights', 'fixed_noises',
                                'curr_stage'],
                after_run=True),
            dict(
                type='GenVisualizationHook',
                interval=3,
                n_samples=4,
                n_row=2,
                vis_kwargs_list=dict(type='SinGAN', name='photo'))
        ],
        log_processor=dict(type='GenLogProcessor', by_epoch=False),
        visualizer=dict(
            type='GenVisualizer', vis_backends=[dict(type='GenVisBackend')]),
        env_cfg=dict(dist_cfg=dict(backend='gloo')),
        randomness=dict(seed=2022, diff_rank_seed=True),
        experiment_name=uuid.uuid4().hex,
        launcher='none')
