"""PGGAN on CelebA-HQ at 1024x1024.

Paper: Karras, Aila, Laine and Lehtinen 2017, arXiv:1710.10196.
Data: CelebA-HQ in four sizes, in the folders named below.
Result: see README.md beside this file.
Cost: 8 GPUs, 280k iterations; the batch of each falls from 64 to 4 images.
Command: bash tools/dist_train.sh \
    configs/pggan/pggan_8xb4-12Mimg_celeba-hq-1024x1024.py 8
"""
_base_ = [
    '../_base_/models/pggan_128x128.py',
    '../_base_/datasets/grow_scale_imgs_flip.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

model = dict(
    generator=dict(noise_size=512, out_scale=1024),
    discriminator=dict(in_scale=1024),
    nkimgs_per_scale={
        '128': 1200,
        '256': 1200,
        '512': 1200,
        '1024': 12000
    })

rates = {'128': 0.0015, '256': 0.002, '512': 0.003, '1024': 0.003}
optim_wrapper = dict(
    lr_schedule=dict(generator=rates, discriminator=rates))

# Layers that are not in use yet have no gradients.
model_wrapper_cfg = dict(find_unused_parameters=True)

train_cfg = dict(max_iters=280000)

train_dataloader = dict(
    dataset=dict(
        data_roots={
            '64': './data/celebahq/imgs_64',
            '256': './data/celebahq/imgs_256',
            '512': './data/celebahq/imgs_512',
            '1024': './data/celebahq/imgs_1024'
        }))
real_images = dict(data_root='./data/celebahq/imgs_1024')
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
        image_shape=(3, 1024, 1024),
        sample_model='ema'),
    dict(
        type='MS_SSIM', prefix='MS-SSIM', fake_nums=10000, sample_model='ema')
])
