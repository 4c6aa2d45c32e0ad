"""BigGAN, small, on MNIST digits: ten classes learnt on a CPU in minutes.

Paper: Brock, Donahue and Simonyan 2018, arXiv:1809.11096.
Data: python tools/dataset/prepare_mnist.py writes it to data/mnist.
Result: see README.md beside this file.
Cost: two CPU cores, about five minutes.
Command: python tools/train.py configs/quickstart/biggan_mnist-32x32.py
"""
_base_ = [
    '../_base_/models/biggan_32x32.py', '../_base_/datasets/mnist_32x32.py',
    '../_base_/metrics/fid-efflite0-500_ema.py',
    '../_base_/default_runtime.py'
]

# Grey images, and an eighth of the width. A part of the noise at each
# resolution, beside a shared embedding of the class, gives more variety.
model = dict(
    data_preprocessor=dict(rgb_to_bgr=False),
    generator=dict(
        out_channels=1,
        base_channels=8,
        noise_size=64,
        split_noise=True,
        with_shared_embedding=True,
        shared_dim=32),
    discriminator=dict(in_channels=1, base_channels=8),
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
    type='LinearLR', start_factor=1.0, end_factor=0.2, begin=800, end=1000)

train_cfg = dict(max_iters=1000, val_interval=500, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=500, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

# Faster for layers as narrow as these.
channels_last = True

# Ten rows of eight: one row for each digit.
custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=250,
        fixed_input=True,
        n_samples=80,
        n_row=8,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
