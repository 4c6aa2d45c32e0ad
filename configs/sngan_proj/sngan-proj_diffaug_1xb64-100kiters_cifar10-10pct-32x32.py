"""SNGAN with projection on a tenth of CIFAR-10, with differentiable augmentation.

Paper: Miyato et al. 2018, arXiv:1802.05957; Miyato and Koyama 2018,
    arXiv:1802.05637; DiffAugment: Zhao et al. 2020, arXiv:2006.10738.
Data: the python version of CIFAR-10 under data/cifar10; of its 50000 training
    images 5000 are trained on, and FID compares with all.
Result: not run; no result was published for it.
Cost: 1 GPU, 100k iterations of 64 images each.
Command: python tools/train.py \
    configs/sngan_proj/sngan-proj_diffaug_1xb64-100kiters_cifar10-10pct-32x32.py
"""
_base_ = [
    '../_base_/models/sngan-proj_32x32.py',
    '../_base_/datasets/cifar10-10pct_32x32.py',
    '../_base_/metrics/fid-is-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(
    disc_augment=dict(type='DiffAugment', policy='color,translation,cutout'))

train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        dataset=dict(pipeline=[
            dict(type='Flip', keys=['img'], flip_ratio=0.5),
            dict(type='PackGenInputs')
        ])))

train_cfg = dict(max_iters=100000)
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
