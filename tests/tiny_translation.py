"""Tiny translation models, data for them, and complete training runs."""
import copy
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tiny_runs import tiny_config
from torch import nn

from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS

SIDE = 64
DISCRIMINATOR = dict(type='PatchDiscriminator', base_channels=4, num_conv=1)

TRANSLATIONS = dict(
    pix2pix=dict(
        type='Pix2Pix',
        default_domain='photo',
        reachable_domains=['photo'],
        related_domains=['photo', 'mask'],
        generator=dict(
            type='UnetGenerator',
            in_channels=3,
            out_channels=3,
            num_down=6,
            base_channels=4,
            use_dropout=True),
        discriminator=dict(DISCRIMINATOR, in_channels=6)),
    cyclegan=dict(
        type='CycleGAN',
        default_domain='photo',
        reachable_domains=['photo', 'mask'],
        related_domains=['photo', 'mask'],
        buffer_size=5,
        generator=dict(
            type='ResnetGenerator',
            in_channels=3,
            out_channels=3,
            base_channels=4,
            num_blocks=1),
        discriminator=dict(
            DISCRIMINATOR, in_channels=3, norm_cfg=dict(type='IN'))),
)

ADAM = dict(type='Adam', lr=1e-3, betas=(0.5, 0.999))
OPTIM = dict(
    generators=dict(optimizer=ADAM), discriminators=dict(optimizer=ADAM))


def build(family: str, **changes) -> nn.Module:
    """A tiny model with weights from seed 0."""
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(dict(TRANSLATIONS[family], **changes)))


def build_optimizers(model: nn.Module, cfg: dict = OPTIM):
    """Optimisers of generators and discriminators."""
    return OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='GenOptimWrapperConstructor',
            optim_wrapper_cfg=copy.deepcopy(cfg)))(model)


def make_batch(size: int = 2, seed: int = 5) -> dict:
    """Random images of both domains, as the data loader gives them."""
    rng = torch.Generator().manual_seed(seed)
    return dict(
        inputs={
            f'img_{domain}': torch.randint(
                0, 256, (size, 3, SIDE, SIDE), generator=rng,
                dtype=torch.uint8)
            for domain in ('photo', 'mask')
        },
        data_samples=None)


def write_domains(root: Path, size: int = 9) -> Path:
    """Random PNGs for both datasets: pairs in train and test, single images
    in trainA, trainB, testA and testB."""
    rng = np.random.default_rng(0)
    for folder, width in (('train', 2), ('test', 2), ('trainA', 1),
                          ('trainB', 1), ('testA', 1), ('testB', 1)):
        (root / folder).mkdir(parents=True)
        for index in range(size):
            pixels = rng.integers(
                0, 256, (SIDE, width * SIDE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f'{index}.png')
    return root


def translation_config(data_root: Path, work_dir: Path, family: str,
                       max_iters: int = 20) -> dict:
    """The config of a complete run."""
    cfg = tiny_config(data_root, work_dir, max_iters=max_iters)
    cfg['model'] = copy.deepcopy(TRANSLATIONS[family])
    keys = ['img_photo', 'img_mask']
    domains = dict(domain_a='photo', domain_b='mask')
    paired = family == 'pix2pix'
    load = [dict(type='LoadPairedImageFromFile', key='pair', **domains)] \
        if paired else [dict(type='LoadImageFromFile', key=k) for k in keys]
    dataset = dict(
        type='PairedImageDataset' if paired else 'UnpairedImageDataset',
        data_root=str(data_root),
        pipeline=[
            *load,
            dict(type='Flip', keys=keys, flip_ratio=0.5),
            dict(type='PackGenInputs', keys=keys)
        ],
        **({} if paired else domains))
    metrics = [
        dict(type='TransFID', fake_nums=9, feature='TinyFeatures')
    ]
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].update(
            batch_size=2, dataset=dict(dataset, test_mode=part != 'train'))
    for part in ('val', 'test'):
        cfg[f'{part}_evaluator'] = dict(
            type='GenEvaluator', metrics=copy.deepcopy(metrics))
    cfg['optim_wrapper'] = dict(
        constructor='GenOptimWrapperConstructor',
        generators=dict(optimizer=ADAM, accumulative_counts=2),
        discriminators=dict(optimizer=ADAM, accumulative_counts=3))
    cfg['custom_hooks'] = [
        dict(
            type='GenVisualizationHook',
            interval=7,
            n_samples=3,
            n_row=1,
            vis_kwargs_list=[
                dict(type='Translation', name='trans'),
                dict(type='TranslationVal', name='trans_val'),
                dict(type='TranslationTest', name='trans_test')
            ])
    ]
    return cfg
