"""DCGAN, small, on MNIST digits: digits without classes on a CPU in minutes.

Paper: Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: python tools/dataset/prepare_mnist.py writes it to data/mnist.
Result: see README.md beside this file.
Cost: two CPU cores, about four minutes.
Command: python tools/train.py configs/quickstart/dcgan_mnist-32x32.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py', '../_base_/datasets/mnist_32x32.py',
    '../_base_/metrics/fid-efflite0-500_orig.py', '../_base_/default_runtime.py'
]

# Grey images of half the size, and an eighth and a quarter of the width.
model = dict(
    generator=dict(output_scale=32, out_channels=1, base_channels=128),
    discriminator=dict(input_scale=32, in_channels=1, base_channels=32))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))))

train_cfg = dict(max_iters=2000, val_interval=1000, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=1000, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=500,
        fixed_input=True,
        n_samples=64,
        n_row=8,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
