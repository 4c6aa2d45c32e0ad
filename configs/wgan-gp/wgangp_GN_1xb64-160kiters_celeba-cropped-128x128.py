"""WGAN-GP on faces of CelebA at 128x128.

Paper: Gulrajani et al. 2017, arXiv:1704.00028.
Data: the aligned and cropped images of CelebA in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 160k iterations of 64 images.
Command: python tools/train.py configs/wgan-gp/wgangp_GN_1xb64-160kiters_celeba-cropped-128x128.py
"""
_base_ = [
    '../_base_/models/wgangp_128x128.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/ms-ssim-swd_orig_128x128.py', '../_base_/default_runtime.py'
]

train_cfg = dict(max_iters=160000)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.9))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.9))))

pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(type='Resize', scale=(128, 128)),
    dict(type='PackGenInputs', meta_keys=[])
]
dataset = dict(
    data_root='./data/celeba-cropped/cropped_images_aligned_png/', pipeline=pipeline)
train_dataloader = dict(batch_size=64, num_workers=4, dataset=dataset)
val_dataloader = dict(batch_size=64, num_workers=4, dataset=dataset)
test_dataloader = dict(batch_size=64, num_workers=4, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=1000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
