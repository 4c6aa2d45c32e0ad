"""R3GAN on faces of FFHQ at 64x64.

Paper: Huang, Gokaslan, Kuleshov and Tompkin 2024, arXiv:2501.05441.
Data: the images of FFHQ in data/ffhq/images, of any size.
Result: not run here, see README.md beside this file.
Cost: 8 GPUs, 78125 iterations of 256 images (20M).
Command: bash tools/dist_train.sh configs/r3gan/r3gan_8xb32-78kiters_ffhq-64x64.py 8
"""
_base_ = [
    '../_base_/models/r3gan.py',
    '../_base_/datasets/unconditional_imgs_flip_lanczos_256x256.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

# All schedules take 20 million images, the length of the training.
iters = 78125
widths = (768, 768, 768, 768, 384)
model = dict(
    generator=dict(widths=widths),
    discriminator=dict(widths=widths),
    disc_augment=dict(final_p=0.3, ramp_iters=iters),
    loss_config=dict(gamma=(2.0, 0.2), gamma_iters=iters),
    ema_config=dict(ema_kimg=500, ramp_kimg=20000, batch_size=256))

param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=5e-5, T_max=iters),
    dict(type='CosineBeta2', end_value=0.99)
]

train_cfg = dict(max_iters=iters)
default_hooks = dict(checkpoint=dict(save_best='FID-Full-50k/fid'))

dataset = dict(
    data_root='./data/ffhq/images',
    pipeline=[
        dict(type='LoadImageFromFile', key='img'),
        dict(
            type='Resize',
            scale=(64, 64),
            interpolation='lanczos',
            backend='pillow'),
        dict(type='Flip', keys=['img'], direction='horizontal'),
        dict(type='PackGenInputs', meta_keys=[])
    ])
train_dataloader = dict(batch_size=32, dataset=dataset)
val_dataloader = dict(batch_size=32, dataset=dataset)
test_dataloader = dict(batch_size=32, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
