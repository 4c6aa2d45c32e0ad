"""SinGAN on one photograph: a rocket and its masts, learnt on a CPU.

Paper: Rott Shaham, Dekel and Michaeli 2019, arXiv:1905.01164.
Data: python tools/dataset/prepare_photo.py writes it to data/singan.
Result: see README.md beside this file.
Cost: two CPU cores, about eight minutes.
Command: python tools/train.py configs/quickstart/singan_rocket-96.py
"""
_base_ = [
    '../_base_/models/singan.py', '../_base_/datasets/singan.py',
    '../_base_/default_runtime.py'
]

# Seven scales, from 25 x 38 to 96 x 144 pixels; half the paper's widths.
num_scales = 6
iters_per_scale = 250
widths = dict(base_channels=16, min_feat_channels=16)
model = dict(
    num_scales=num_scales,
    generator=dict(num_scales=num_scales, **widths),
    discriminator=dict(num_scales=num_scales, **widths),
    iters_per_scale=iters_per_scale,
    lr_scheduler_args=dict(milestones=[200]))

# Twice the paper's rates, which are for eight times as many rounds.
optim_wrapper = dict(
    generator=dict(optimizer=dict(lr=0.001)),
    discriminator=dict(optimizer=dict(lr=0.001)))

train_dataloader = dict(dataset=dict(data_root='data/singan/rocket.png'))

# A round is three iterations. All scales but one are fixed or wait.
iters_per_stage = 3 * iters_per_scale
train_cfg = dict(max_iters=(num_scales + 1) * iters_per_stage)
val_cfg = None
test_cfg = None
model_wrapper_cfg = dict(find_unused_parameters=True)

default_hooks = dict(
    logger=dict(interval=150),
    checkpoint=dict(interval=iters_per_stage, max_keep_ckpts=2))

# After each scale eight samples of it.
custom_hooks = [
    dict(
        type='PickleDataHook',
        output_dir='pickle',
        data_name_list=['noise_weights', 'fixed_noises', 'curr_stage'],
        after_run=True),
    dict(
        type='GenVisualizationHook',
        interval=iters_per_stage,
        fixed_input=True,
        n_samples=8,
        n_row=4,
        vis_kwargs_list=dict(type='SinGAN', name='photo'))
]
