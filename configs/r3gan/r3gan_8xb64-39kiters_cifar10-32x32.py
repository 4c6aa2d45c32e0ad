"""R3GAN on CIFAR-10 at 32x32, class-conditional.

Paper: Huang, Gokaslan, Kuleshov and Tompkin 2024, arXiv:2501.05441.
Data: the python version of CIFAR-10 under data/cifar10.
Result: not run here, see README.md beside this file.
Cost: 8 GPUs, 39063 iterations of 512 images (20M).
Command: bash tools/dist_train.sh configs/r3gan/r3gan_8xb64-39kiters_cifar10-32x32.py 8
"""
_base_ = [
    '../_base_/models/r3gan.py',
    '../_base_/datasets/cifar10_32x32.py',
    '../_base_/metrics/fid-is-50k_ema.py', '../_base_/default_runtime.py'
]

# All schedules take 20 million images, the length of the training.
iters = 39063
widths = (768, 768, 768, 768)
model = dict(
    num_classes=10,
    # CIFAR-10 comes as RGB.
    data_preprocessor=dict(rgb_to_bgr=True),
    generator=dict(widths=widths),
    discriminator=dict(widths=widths),
    disc_augment=dict(final_p=0.55, ramp_iters=iters),
    loss_config=dict(gamma=(0.05, 0.005), gamma_iters=iters),
    ema_config=dict(ema_kimg=5000, ramp_kimg=20000, batch_size=512))

param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=5e-5, T_max=iters),
    dict(type='CosineBeta2', end_value=0.99)
]

train_cfg = dict(max_iters=iters)
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

train_dataloader = dict(batch_size=64)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
