"""Geometric GAN with DCGAN's networks on faces of CelebA at 128x128.

Paper: Lim and Ye 2017, arXiv:1705.02894,
  with the networks of Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: the aligned and cropped images of CelebA in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 160k iterations of 64 images.
Command: python tools/train.py configs/ggan/ggan_dcgan-archi_lr1e-4-1xb64-10Mimgs_celeba-cropped-128x128.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/fid-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(
    type='GGAN',
    generator=dict(output_scale=128),
    discriminator=dict(input_scale=128))

train_cfg = dict(max_iters=160000)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=20))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))))

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
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]

# The test measures MS-SSIM and SWD, too, of the generator itself.
metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-Full-50k',
        fake_nums=50000,
        inception_style='StyleGAN',
        sample_model='orig'),
    dict(
        type='MS_SSIM', prefix='ms-ssim', fake_nums=10000, sample_model='orig'),
    dict(
        type='SWD',
        prefix='swd',
        fake_nums=16384,
        image_shape=(3, 128, 128),
        sample_model='orig')
]
test_evaluator = dict(metrics=metrics)
