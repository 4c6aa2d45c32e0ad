"""Improved DDPM on ImageNet at 64x64, no classes, no dropout.

Paper: Nichol and Dhariwal 2021, arXiv:2102.09672.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: see README.md beside this file.
Cost: 16 GPUs, 1.5M iterations of 8 images each.
Command: bash tools/dist_train.sh \
    configs/improved_ddpm/ddpm_cosine-hybird-timestep-4k_16xb8-1500kiters_imagenet1k-64x64.py 16
"""
_base_ = [
    '../_base_/models/improved_ddpm_64x64.py',
    '../_base_/datasets/imagenet_64x64.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    denoising=dict(optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0)))

# 50000 images of 4000 steps each take days: they are made in tests alone.
train_cfg = dict(max_iters=1500000)
val_cfg = None
val_dataloader = None
val_evaluator = None

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='DDPMDenoising'))
]
