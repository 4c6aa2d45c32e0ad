"""Geometric GAN with DCGAN's networks on faces of CelebA at 64x64.

Paper: Lim and Ye 2017, arXiv:1705.02894,
  with the networks of Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: the aligned and cropped images of CelebA in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 100k iterations of 128 images.
Command: python tools/train.py configs/ggan/ggan_dcgan-archi_lr1e-3-1xb128-12Mimgs_celeba-cropped-64x64.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/fid-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(type='GGAN')

train_cfg = dict(max_iters=100000)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0.5, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0.5, 0.99))))

dataset = dict(data_root='./data/celeba-cropped/cropped_images_aligned_png/')
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

# FID against all real images, MS-SSIM and SWD, of the generator itself.
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
val_evaluator = dict(metrics=metrics)
test_evaluator = dict(metrics=metrics)
