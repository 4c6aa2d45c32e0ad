"""Improved DDPM on CIFAR-10 at 32x32, no classes, dropout 0.3.

Paper: Nichol and Dhariwal 2021, arXiv:2102.09672.
Data: the python version of CIFAR-10 under data/cifar10.
Result: see README.md beside this file.
Cost: 16 GPUs, 500k iterations of 8 images each.
Command: bash tools/dist_train.sh \
    configs/improved_ddpm/ddpm_cosine-hybird-timestep-4k-drop0.3_16xb8-500kiters_cifar10-32x32.py 16
"""
_base_ = [
    '../_base_/models/improved_ddpm_32x32.py',
    '../_base_/datasets/cifar10_32x32.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

model = dict(denoising=dict(dropout=0.3))

train_dataloader = dict(batch_size=8)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    denoising=dict(optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0)))

# 50000 images of 4000 steps each take days: they are made in tests alone.
train_cfg = dict(max_iters=500000)
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
