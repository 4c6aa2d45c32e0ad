"""BigGAN on ImageNet at 128x128, spectral norm as torch.nn.utils computes it.

Paper: Brock, Donahue and Simonyan 2018, arXiv:1809.11096.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: see README.md beside this file.
Cost: 8 GPUs, 1.5M iterations of 32 images each.
Command: bash tools/dist_train.sh \
    configs/biggan/biggan_torch-sn_8xb32-1500kiters_imagenet1k-128x128.py 8
"""
_base_ = [
    '../_base_/models/biggan_128x128.py',
    '../_base_/datasets/imagenet_128x128.py',
    '../_base_/metrics/fid-is-50k_ema.py', '../_base_/default_runtime.py'
]

model = dict(
    generator=dict(sn_style='torch'), discriminator=dict(sn_style='torch'))

train_cfg = dict(max_iters=1500000)
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

# Eight batches make one update, so 8 x 8 x 32 = 2048 images.
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(
        accumulative_counts=8,
        optimizer=dict(type='Adam', lr=0.0001, betas=(0.0, 0.999), eps=1e-6)),
    discriminator=dict(
        accumulative_counts=8,
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.0, 0.999), eps=1e-6)))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=10000,
        fixed_input=True,
        vis_kwargs_list=dict(
            type='Noise',
            name='fake_img',
            sample_model='ema/orig',
            target_keys=['ema', 'orig']))
]
