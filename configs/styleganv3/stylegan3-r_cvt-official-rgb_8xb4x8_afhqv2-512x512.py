"""StyleGAN3-R on AFHQv2 at 512x512 for weights converted from the authors'.

Testing only. The weights make RGB; rgb2bgr turns it into the order of the other
models.

Paper: Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen and Aila 2021,
    arXiv:2106.12423.
Data: AFHQv2 under data/afhqv2, for the real side of FID.
Result: see README.md beside this file.
Cost: 50000 images and their features.
Command: python tools/test.py \
    configs/styleganv3/stylegan3-r_cvt-official-rgb_8xb4x8_afhqv2-512x512.py CHECKPOINT
"""
_base_ = [
    '../_base_/models/stylegan3-r_1024x1024.py',
    '../_base_/datasets/unconditional_imgs_flip.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

model = dict(
    generator=dict(out_size=512, rgb2bgr=True),
    discriminator=dict(in_size=512))

# The originals have 512 pixels; Resize leaves those as they are.
pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(
        type='Resize',
        scale=(512, 512),
        interpolation='lanczos',
        backend='pillow'),
    dict(type='PackGenInputs', meta_keys=[])
]
dataset = dict(data_root='data/afhqv2/', pipeline=pipeline)
val_dataloader = dict(batch_size=4, num_workers=4, dataset=dataset)
test_dataloader = val_dataloader

train_cfg = None
train_dataloader = None
optim_wrapper = None
