"""SAGAN on ImageNet at 128x128, D's learning rate four times G's.

Paper: Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: see README.md beside this file.
Cost: 4 GPUs, 1M iterations of 64 images each.
Command: bash tools/dist_train.sh \
    configs/sagan/sagan_woReLUinplace_Glr1e-4_Dlr4e-4_ndisc1-4xb64_imagenet1k-128x128.py 4
"""
_base_ = [
    '../_base_/models/sagan_128x128.py',
    '../_base_/datasets/imagenet-augmented_128x128.py',
    '../_base_/metrics/fid-is-50k_orig.py', '../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=64)

train_cfg = dict(max_iters=1000000, dynamic_intervals=[(800000, 4000)])
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.0, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.0, 0.999))))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
