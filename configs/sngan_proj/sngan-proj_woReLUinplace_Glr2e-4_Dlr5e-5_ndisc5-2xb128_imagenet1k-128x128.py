"""SNGAN with projection on ImageNet at 128x128, five D updates for one of G.

Paper: Miyato et al. 2018, arXiv:1802.05957; Miyato and Koyama 2018,
    arXiv:1802.05637.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: see README.md beside this file.
Cost: 2 GPUs, 2.5M iterations of 128 images each.
Command: bash tools/dist_train.sh \
    configs/sngan_proj/sngan-proj_woReLUinplace_Glr2e-4_Dlr5e-5_ndisc5-2xb128_imagenet1k-128x128.py 2
"""
_base_ = [
    '../_base_/models/sngan-proj_128x128.py',
    '../_base_/datasets/imagenet-augmented_128x128.py',
    '../_base_/metrics/fid-is-50k_orig.py', '../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=128)

train_cfg = dict(max_iters=2500000, dynamic_intervals=[(800000, 4000)])
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0002, betas=(0.0, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.00005, betas=(0.0, 0.999))))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
