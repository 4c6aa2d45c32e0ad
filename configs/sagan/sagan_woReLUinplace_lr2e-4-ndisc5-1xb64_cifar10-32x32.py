"""SAGAN on CIFAR-10 at 32x32, five D updates for one of G.

Paper: Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318.
Data: the python version of CIFAR-10 under data/cifar10.
Result: see README.md beside this file.
Cost: 1 GPU, 500k iterations of 64 images each.
Command: python tools/train.py \
    configs/sagan/sagan_woReLUinplace_lr2e-4-ndisc5-1xb64_cifar10-32x32.py
"""
_base_ = [
    '../_base_/models/sagan_32x32.py',
    '../_base_/datasets/cifar10_32x32.py',
    '../_base_/metrics/fid-is-50k_orig.py', '../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=64)

train_cfg = dict(max_iters=500000)
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
