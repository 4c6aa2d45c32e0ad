"""DCGAN on grey MNIST digits at 64x64.

Paper: Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: MNIST digits as images in the folder named below, or the 5000 that
  tools/dataset/prepare_mnist.py --out data/mnist_64 --size 64 writes; these are
  too few for SWD of 16384, so take 4096 with --cfg-options
  val_evaluator.metrics.1.fake_nums=4096 test_evaluator.metrics.1.fake_nums=4096.
Result: see README.md beside this file.
Cost: 1 GPU, 5k iterations of 128 images.
Command: python tools/train.py configs/dcgan/dcgan_Glr4e-4_Dlr1e-4_1xb128-5kiters_mnist-64x64.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/ms-ssim-swd_orig_64x64.py', '../_base_/default_runtime.py'
]

# Grey images.
model = dict(
    generator=dict(out_channels=1), discriminator=dict(in_channels=1))

train_cfg = dict(max_iters=5000)
default_hooks = dict(checkpoint=dict(interval=500))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0004, betas=(0.5, 0.999))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.999))))

pipeline = [
    dict(type='LoadImageFromFile', key='img', flag='grayscale'),
    dict(type='Resize', scale=(64, 64)),
    dict(type='PackGenInputs', meta_keys=[])
]
dataset = dict(data_root='data/mnist_64/train', pipeline=pipeline)
train_dataloader = dict(batch_size=128, dataset=dataset)
val_dataloader = dict(batch_size=128, dataset=dataset)
test_dataloader = dict(batch_size=128, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=500,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
