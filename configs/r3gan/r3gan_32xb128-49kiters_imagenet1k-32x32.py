"""R3GAN on ImageNet-1k at 32x32, class-conditional.

Paper: Huang, Gokaslan, Kuleshov and Tompkin 2024, arXiv:2501.05441.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: not run here, see README.md beside this file.
Cost: 32 GPUs, 48829 iterations of 4096 images (200M).
Command: GPUS=32 bash tools/slurm_train.sh PARTITION JOB configs/r3gan/r3gan_32xb128-49kiters_imagenet1k-32x32.py WORK_DIR
"""
_base_ = [
    '../_base_/models/r3gan.py',
    '../_base_/datasets/imagenet_128x128.py',
    '../_base_/metrics/fid-is-50k_ema.py', '../_base_/default_runtime.py'
]

# All schedules take 200 million images, the length of the training.
iters = 48829
widths = (1536, 1536, 1536, 1536)
model = dict(
    num_classes=1000,
    generator=dict(widths=widths, group_size=32),
    discriminator=dict(widths=widths, group_size=32),
    disc_augment=dict(final_p=0.5, ramp_iters=iters),
    loss_config=dict(gamma=(0.5, 0.05), gamma_iters=iters),
    ema_config=dict(ema_kimg=50000, ramp_kimg=200000, batch_size=4096))

param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=5e-5, T_max=iters),
    dict(type='CosineBeta2', end_value=0.99)
]

train_cfg = dict(max_iters=iters)
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

dataset = dict(pipeline=[
    dict(type='LoadImageFromFile', key='img'),
    dict(type='CenterCropLongEdge', keys=['img']),
    dict(
        type='Resize',
        scale=(32, 32),
        interpolation='box',
        backend='pillow'),
    dict(type='PackGenInputs')
])
train_dataloader = dict(batch_size=128, dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
