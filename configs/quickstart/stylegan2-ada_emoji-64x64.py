"""StyleGAN2 with adaptive augmentation, small: people learnt from 733 emoji.

Paper: Karras, Aittala, Hellsten, Laine, Lehtinen and Aila 2020, arXiv:2006.06676.
Data: python tools/dataset/prepare_emoji.py writes it to data/emoji.
Result: see README.md beside this file.
Cost: two CPU cores, about an hour.
Command: python tools/train.py configs/quickstart/stylegan2-ada_emoji-64x64.py
"""
_base_ = [
    '../_base_/models/stylegan2_256x256.py',
    '../_base_/datasets/emoji_64x64.py',
    '../_base_/metrics/fid-efflite0-500_ema.py', '../_base_/default_runtime.py'
]

batch_size = 16
train_dataloader = dict(batch_size=batch_size)

# All geometric and colour transforms, no filters and no noise: "bgc".
augmentations = dict(
    xflip=1, rotate90=1, xint=1, scale=1, rotate=1, aniso=1, xfrac=1,
    brightness=1, contrast=1, lumaflip=1, hue=1, saturation=1)

# Narrow networks, and as in the authors' settings for CIFAR-10 two mapping
# layers and no path length penalty.
model = dict(
    generator=dict(
        out_size=64,
        style_channels=128,
        num_mlps=2,
        channel_multiplier=1,
        max_channels=48),
    discriminator=dict(in_size=64, channel_multiplier=1, max_channels=48),
    # The probability can rise from 0 to 1 within 50000 images; 500000 in the
    # paper, whose runs are two hundred times as long.
    disc_augment=dict(
        type='ADAAug',
        aug_pipeline=augmentations,
        ada_target=0.6,
        ada_kimg=50),
    # The authors' rule for the resolution, gamma = 0.0002 * 64**2 / batch size;
    # gamma / 2, times the interval.
    loss_config=dict(
        r1_loss_weight=0.0002 * 64**2 / batch_size / 2 * 16, g_reg_weight=0),
    # The half-life is 5000 images, at the start 1/20 of those shown so far.
    ema_config=dict(
        _delete_=True, type='RampUpEMA', ema_kimg=5, batch_size=batch_size))

# R1 is due in one of 16 updates: the discriminator's rates to the share 16/17
# (Karras et al. 2020, arXiv:1912.04958, appendix B). The generator has no
# penalty and no correction.
d_reg_ratio = 16 / 17
optim_wrapper = dict(
    generator=dict(optimizer=dict(lr=0.0025, betas=(0.0, 0.99))),
    discriminator=dict(
        optimizer=dict(
            lr=0.0025 * d_reg_ratio, betas=(0.0, 0.99**d_reg_ratio))))

# The data set has fewer images than the base file asks for: all of them.
metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-EffLite0',
        feature='EfficientNetLite0',
        fake_nums=500,
        real_nums=-1,
        sample_model='ema')
]
val_evaluator = dict(metrics=metrics)
test_evaluator = dict(metrics=metrics)

# A checkpoint about every ten minutes: a run that was cut off goes on with
# --resume.
train_cfg = dict(max_iters=7200, val_interval=1200, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=1200, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

# Faster for layers as narrow as these.
channels_last = True

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=400,
        fixed_input=True,
        n_samples=64,
        n_row=8,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
