"""WGAN-GP, small, on animal silhouettes: shapes learnt on a CPU in minutes.

Paper: Gulrajani et al. 2017, arXiv:1704.00028.
Data: python tools/dataset/prepare_animals.py writes it to data/animals.
Result: see README.md beside this file.
Cost: two CPU cores, about five minutes.
Command: python tools/train.py configs/quickstart/wgangp_animals-32x32.py
"""
_base_ = [
    '../_base_/models/wgangp_128x128.py',
    '../_base_/datasets/animals_32x32.py',
    '../_base_/metrics/fid-efflite0-500_ema.py',
    '../_base_/default_runtime.py'
]

# Grey images of a quarter of the size, and an eighth of the width.
model = dict(
    generator=dict(
        noise_size=64, out_scale=32, out_channels=1, base_channels=4),
    discriminator=dict(in_channel=1, in_scale=32, base_channels=4),
    # Averages over the last 1 / 0.05 = 20 updates: the run is short.
    ema_config=dict(momentum=0.05, start_iter=50))

# Ten times the paper's rate, with its betas: the generator has 360 updates.
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0.0, 0.9))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.001, betas=(0.0, 0.9))))
param_scheduler = dict(
    type='LinearLR', start_factor=1.0, end_factor=0.2, begin=1400, end=1800)

train_cfg = dict(max_iters=1800, val_interval=900, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=900, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

# Faster for layers as narrow as these.
channels_last = True

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=450,
        fixed_input=True,
        n_samples=64,
        n_row=8,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
