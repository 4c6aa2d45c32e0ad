"""LSGAN with DCGAN's networks on faces of CelebA at 64x64.

Paper: Mao et al. 2016, arXiv:1611.04076,
  with the networks of Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: the aligned and cropped images of CelebA in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 100k iterations of 128 images.
Command: python tools/train.py configs/lsgan/lsgan_dcgan-archi_lr1e-3-1xb128-12Mimgs_celeba-cropped-64x64.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/fid-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(type='LSGAN')

train_cfg = dict(max_iters=100000)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0.5, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0.5, 0.99))))

dataset = dict(data_root='./data/celeba-cropped/cropped_images_aligned_png/')
train_dataloader = dict(batch_size=128, dataset=dataset)
val_dataloader = dict(batch_size=128, dataset=dataset)
test_dataloader = dict(batch_size=128, dataset=dataset)

# IS and FID against 50000 real images, of 50000 images of the generator itself.
metrics = [
    dict(
        type='IS',
        prefix='IS-50k',
        fake_nums=50000,
        inception_style='StyleGAN',
        sample_model='orig'),
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-50k',
        fake_nums=50000,
        real_nums=50000,
        inception_style='StyleGAN',
        sample_model='orig')
]
val_evaluator = dict(metrics=metrics)
test_evaluator = dict(metrics=metrics)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
