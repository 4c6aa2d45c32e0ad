"""DCGAN on the bedrooms of LSUN at 64x64.

Paper: Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: the training bedrooms of LSUN as images in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 1.5M iterations of 128 images.
Command: python tools/train.py configs/dcgan/dcgan_1xb128-5epoches_lsun-bedroom-64x64.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/ms-ssim-swd_orig_64x64.py', '../_base_/default_runtime.py'
]

train_cfg = dict(max_iters=1500002)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))))

dataset = dict(data_root='./data/lsun/images/bedroom_train')
train_dataloader = dict(batch_size=128, dataset=dataset)
val_dataloader = dict(batch_size=128, dataset=dataset)
test_dataloader = dict(batch_size=128, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=10000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
