"""Geometric GAN with LSGAN's networks on the bedrooms of LSUN at 64x64.

Paper: Lim and Ye 2017, arXiv:1705.02894,
  with the networks of Mao et al. 2016, arXiv:1611.04076.
Data: the training bedrooms of LSUN as images in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 160k iterations of 128 images.
Command: python tools/train.py configs/ggan/ggan_lsgan-archi_lr1e-4-1xb128-20Mimgs_lsun-bedroom-64x64.py
"""
_base_ = [
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/fid-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(
    type='GGAN',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(type='LSGANGenerator', output_scale=64),
    discriminator=dict(type='LSGANDiscriminator', input_scale=64))

train_cfg = dict(max_iters=160000)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=20))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))))

dataset = dict(data_root='data/lsun/images/bedroom_train')
train_dataloader = dict(batch_size=128, dataset=dataset)
val_dataloader = dict(batch_size=128, dataset=dataset)
test_dataloader = dict(batch_size=128, dataset=dataset)

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
        image_shape=(3, 64, 64),
        sample_model='orig')
]
test_evaluator = dict(metrics=metrics)
