"""BigGAN on CIFAR-10 at 32x32, class-conditional, four D updates for one of G.

Paper: Brock, Donahue and Simonyan 2018, arXiv:1809.11096.
Data: the python version of CIFAR-10 under data/cifar10.
Result: see README.md beside this file.
Cost: 2 GPUs, 500k iterations of 25 images each.
Command: bash tools/dist_train.sh configs/biggan/biggan_2xb25-500kiters_cifar10-32x32.py 2
"""
_base_ = [
    '../_base_/models/biggan_32x32.py',
    '../_base_/datasets/cifar10_32x32.py',
    '../_base_/metrics/fid-is-50k_ema.py', '../_base_/default_runtime.py'
]

train_cfg = dict(max_iters=500000)
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0002, betas=(0.0, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.0, 0.999))))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(
            type='Noise',
            name='fake_img',
            sample_model='ema/orig',
            target_keys=['ema', 'orig']))
]
