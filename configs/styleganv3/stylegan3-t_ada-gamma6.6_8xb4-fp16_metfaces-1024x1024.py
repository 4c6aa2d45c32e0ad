"""StyleGAN3-T from FFHQ to MetFaces at 1024x1024, with ADA, gamma = 6.6.

Training begins with the weights that the authors published for FFHQ, in 1.x's
conversion. With --amp=float16 the four highest resolutions of the generator
compute in half precision.

Paper: Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen and Aila 2021,
    arXiv:2106.12423.
Data: MetFaces (Karras et al. 2020, arXiv:2006.06676) under data/metfaces/images.
Result: see README.md beside this file.
Cost: 8 GPUs, 160k iterations of 4 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv3/stylegan3-t_ada-gamma6.6_8xb4-fp16_metfaces-1024x1024.py 8
"""
_base_ = [
    '../_base_/models/stylegan3-t_1024x1024.py',
    '../_base_/datasets/unconditional_imgs_flip.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

# The half-life of the average is 10000 images, of which 32 make an update.
ema_momentum = 1 - 0.5**(32 / 10000)

# All geometric and colour transforms, no filters and no noise: "bgc" of
# arXiv:2006.06676.
augmentations = dict(
    xflip=1, rotate90=1, xint=1, scale=1, rotate=1, aniso=1, xfrac=1,
    brightness=1, contrast=1, lumaflip=1, hue=1, saturation=1)

model = dict(
    generator=dict(rgb2bgr=True),
    # The weights make and judge RGB; augmentation of colours asks for it too.
    discriminator=dict(
        type='ADAStyleGAN2Discriminator',
        input_bgr2rgb=True,
        data_aug=dict(
            type='ADAAug', aug_pipeline=augmentations, ada_kimg=100)),
    ema_config=dict(momentum=ema_momentum, interval=1, start_iter=0),
    # gamma / 2, times the interval
    loss_config=dict(r1_loss_weight=6.6 / 2 * 16))

load_from = 'https://download.openmmlab.com/mmgen/stylegan3/stylegan3_t_ffhq_1024_b4x8_cvt_official_rgb_20220329_235113-db6c6580.pth'

train_cfg = dict(max_iters=160000)
default_hooks = dict(checkpoint=dict(save_best='FID-Full-50k/fid'))

# The correction for lazy penalties (Karras et al. 2020, arXiv:1912.04958,
# appendix B); 1.x made it for the generator too, which has no penalty here.
g_reg_ratio, d_reg_ratio = 4 / 5, 16 / 17
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(
        optimizer=dict(
            type='Adam', lr=0.0025 * g_reg_ratio,
            betas=(0.0, 0.99**g_reg_ratio))),
    discriminator=dict(
        optimizer=dict(
            type='Adam', lr=0.002 * d_reg_ratio,
            betas=(0.0, 0.99**d_reg_ratio))))

dataset = dict(data_root='data/metfaces/images/')
train_dataloader = dict(batch_size=4, dataset=dataset)
val_dataloader = dict(batch_size=4, dataset=dataset)
test_dataloader = dict(batch_size=4, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
