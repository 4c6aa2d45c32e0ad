"""SAGAN, small, on silhouettes: ten animals learnt on a CPU in minutes.

Paper: Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318.
Data: python tools/dataset/prepare_animals.py writes it to data/animals.
Result: see README.md beside this file.
Cost: two CPU cores, about five minutes.
Command: python tools/train.py configs/quickstart/sagan_animals-32x32.py
"""
_base_ = [
    '../_base_/models/sagan_32x32.py', '../_base_/datasets/animals_32x32.py',
    '../_base_/metrics/fid-efflite0-500_ema.py',
    '../_base_/default_runtime.py'
]

# Grey images. Fewer channels where the image is large, more where it is small,
# learn faster than the same number everywhere; 32 to 128 here.
model = dict(
    data_preprocessor=dict(rgb_to_bgr=False),
    generator=dict(
        out_channels=1, base_channels=32, channels_cfg=[4, 2, 1]),
    discriminator=dict(
        input_channels=1,
        base_channels=32,
        channels_cfg=[1, 2, 2],
        downsample_cfg=[True, True, False]),
    discriminator_steps=1,
    # Averages over the last 1 / 0.05 = 20 updates: the run is short.
    ema_config=dict(momentum=0.05, start_iter=50))

# Larger rates than the paper's, which are for a million iterations.
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0003, betas=(0.0, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.001, betas=(0.0, 0.999))))
param_scheduler = dict(
    type='LinearLR', start_factor=1.0, end_factor=0.2, begin=1600, end=2000)

train_cfg = dict(max_iters=2000, val_interval=1000, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=1000, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

# Faster for layers as narrow as these.
channels_last = True

# Ten rows of eight: one row for each animal.
custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=500,
        fixed_input=True,
        n_samples=80,
        n_row=8,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
