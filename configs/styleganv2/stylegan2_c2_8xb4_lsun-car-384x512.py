"""StyleGAN2 on the cars of LSUN: 384x512, with black bars to 512x512.

Paper: Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv:1912.04958.
Data: LSUN car, images of any size in the folder named below.
Result: see README.md beside this file.
Cost: 8 GPUs, 1.8M iterations of 4 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv2/stylegan2_c2_8xb4_lsun-car-384x512.py 8
"""
_base_ = [
    '../_base_/models/stylegan2_256x256.py',
    '../_base_/datasets/unconditional_imgs_flip.py',
    '../_base_/metrics/fid-pr-ppl-50k_ema.py', '../_base_/default_runtime.py'
]

model = dict(generator=dict(out_size=512), discriminator=dict(in_size=512))

train_cfg = dict(max_iters=1800002)
default_hooks = dict(checkpoint=dict(save_best='FID-Full-50k/fid'))

pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(type='Resize', scale=(512, 384)),
    dict(type='NumpyPad', padding=((64, 64), (0, 0), (0, 0))),
    dict(type='PackGenInputs', keys=['img'], meta_keys=['img_path'])
]
mirrored = dict(
    pipeline=[
        *pipeline[:-1],
        dict(type='Flip', keys=['img'], direction='horizontal'), pipeline[-1]
    ])
dataset = dict(data_root='./data/lsun/images/car', pipeline=pipeline)
train_dataloader = dict(batch_size=4, dataset={**dataset, **mirrored})
val_dataloader = dict(batch_size=4, dataset=dataset)
test_dataloader = dict(batch_size=4, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
