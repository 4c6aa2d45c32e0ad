"""Improved DDPM, small, on MNIST digits: ten classes out of noise on a CPU.

Paper: Nichol and Dhariwal 2021, arXiv:2102.09672.
Data: python tools/dataset/prepare_mnist.py writes it to data/mnist.
Result: see README.md beside this file.
Cost: two CPU cores, about nine minutes.
Command: python tools/train.py configs/quickstart/ddpm_mnist-32x32.py
"""
_base_ = [
    '../_base_/models/improved_ddpm_32x32.py',
    '../_base_/datasets/mnist_32x32.py',
    '../_base_/metrics/fid-efflite0-500_ema.py', '../_base_/default_runtime.py'
]

# Grey images, classes, and about a fortieth of the weights: a quarter of the
# width, three resolutions, one block at each. A quarter of the timesteps;
# pictures and metric take 25 of them, which the learnt variance allows for.
num_timesteps = 1000
model = dict(
    num_timesteps=num_timesteps,
    num_inference_steps=25,
    data_preprocessor=dict(rgb_to_bgr=False),
    denoising=dict(
        in_channels=1,
        base_channels=32,
        channels_cfg=[1, 2, 2],
        resblocks_per_downsample=1,
        attention_res=[8],
        num_heads=2,
        num_classes=10,
        norm_cfg=dict(type='GN', num_groups=8)),
    # lambda of the hybrid loss is 0.001 for the sum over all steps.
    ddpm_loss=[
        dict(
            type='DDPMVLBLoss',
            rescale_mode='constant',
            rescale_cfg=dict(scale=0.001 * num_timesteps)),
        dict(
            type='DDPMMSELoss',
            log_cfgs=dict(
                type='quartile',
                prefix_name='loss_mse',
                total_timesteps=num_timesteps))
    ],
    # Averages over the last 1 / 0.01 = 100 updates: the run is short.
    ema_config=dict(momentum=0.01, start_iter=50))

train_dataloader = dict(batch_size=16)

# A larger rate than the paper's, which is for half a million iterations.
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    denoising=dict(
        optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0),
        clip_grad=dict(max_norm=1.0)))
param_scheduler = dict(
    type='LinearLR', start_factor=1.0, end_factor=0.1, begin=1000, end=2000)

train_cfg = dict(max_iters=2000, val_interval=1000, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=1000, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

# Faster for layers as narrow as these.
channels_last = True

# Ten rows of eight: one row for each digit, and one way from noise to a digit.
custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=500,
        fixed_input=True,
        n_samples=80,
        n_row=8,
        vis_kwargs_list=[
            dict(type='GAN', name='fake_img'),
            dict(type='DDPMDenoising', name='denoising')
        ])
]
