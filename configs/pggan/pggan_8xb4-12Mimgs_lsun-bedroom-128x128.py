"""PGGAN on the bedrooms of LSUN at 128x128.

Paper: Karras, Aila, Laine and Lehtinen 2017, arXiv:1710.10196.
Data: the training bedrooms of LSUN as images in the folder named below.
Result: see README.md beside this file.
Cost: 8 GPUs, 280k iterations; the batch of each falls from 64 to 4 images.
Command: bash tools/dist_train.sh \
    configs/pggan/pggan_8xb4-12Mimgs_lsun-bedroom-128x128.py 8
"""
_base_ = [
    '../_base_/models/pggan_128x128.py',
    '../_base_/datasets/grow_scale_imgs_flip.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

# Layers that are not in use yet have no gradients.
model_wrapper_cfg = dict(find_unused_parameters=True)

train_cfg = dict(max_iters=280000)

data_root = './data/lsun/images/bedroom_train'
pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(type='Resize', scale=(128, 128)),
    dict(type='Flip', keys=['img'], direction='horizontal'),
    dict(type='PackGenInputs', meta_keys=[])
]
train_dataloader = dict(
    dataset=dict(data_roots={'128': data_root}, pipeline=pipeline))
real_images = dict(
    data_root=data_root,
    pipeline=[
        dict(type='LoadImageFromFile', key='img'),
        dict(type='Resize', scale=(128, 128)),
        dict(type='PackGenInputs', meta_keys=[])
    ])
val_dataloader = dict(dataset=real_images)
test_dataloader = dict(dataset=real_images)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(
            type='Noise',
            name='fake_img',
            sample_model='ema/orig',
            target_keys=['ema', 'orig'])),
    dict(type='PGGANFetchDataHook')
]

# What 1.x published, of the averaged generator; the validation measures FID.
test_evaluator = dict(metrics=[
    dict(
        type='SWD',
        prefix='SWD',
        fake_nums=16384,
        image_shape=(3, 128, 128),
        sample_model='ema'),
    dict(
        type='MS_SSIM', prefix='MS-SSIM', fake_nums=10000, sample_model='ema')
])
