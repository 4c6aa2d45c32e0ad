"""LSGAN with its own networks on the bedrooms of LSUN at 128x128.

Paper: Mao et al. 2016, arXiv:1611.04076.
Data: the training bedrooms of LSUN as images in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 160k iterations of 64 images.
Command: python tools/train.py configs/lsgan/lsgan_lsgan-archi_lr1e-4-1xb64-10Mimgs_lsun-bedroom-128x128.py
"""
_base_ = [
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/fid-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(
    type='LSGAN',
    noise_size=1024,
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='LSGANGenerator',
        output_scale=128,
        base_channels=256,
        noise_size=1024),
    discriminator=dict(
        type='LSGANDiscriminator', input_scale=128, base_channels=64))

train_cfg = dict(max_iters=160000)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))))

pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(type='Resize', scale=(128, 128)),
    dict(type='PackGenInputs', meta_keys=[])
]
dataset = dict(data_root='./data/lsun/images/bedroom_train', pipeline=pipeline)
train_dataloader = dict(batch_size=64, num_workers=4, dataset=dataset)
val_dataloader = dict(batch_size=32, num_workers=4, dataset=dataset)
test_dataloader = dict(batch_size=32, num_workers=4, dataset=dataset)
