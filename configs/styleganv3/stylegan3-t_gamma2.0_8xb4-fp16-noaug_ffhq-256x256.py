"""StyleGAN3-T on FFHQ at 256x256, R1 with gamma = 2.0, no augmentation.

With --amp=float16 the four highest resolutions of the generator compute in half
precision, as they did for the published weights.

Paper: Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen and Aila 2021,
    arXiv:2106.12423.
Data: the 1024x1024 images of FFHQ under data/ffhq/images.
Result: see README.md beside this file.
Cost: 8 GPUs, 800k iterations of 4 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv3/stylegan3-t_gamma2.0_8xb4-fp16-noaug_ffhq-256x256.py 8
"""
_base_ = [
    '../_base_/models/stylegan3-t_1024x1024.py',
    '../_base_/datasets/unconditional_imgs_flip_lanczos_256x256.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

# gamma / 2, times the interval
model = dict(
    generator=dict(out_size=256, synthesis_cfg=dict(channel_base=16384)),
    discriminator=dict(in_size=256, channel_multiplier=1),
    ema_config=dict(
        _delete_=True,
        type='RampUpEMA',
        interval=1,
        ema_kimg=10,
        ema_rampup=0.05,
        batch_size=32,
        eps=1e-8,
        start_iter=0),
    loss_config=dict(r1_loss_weight=2.0 / 2 * 16))

train_cfg = dict(max_iters=800002)
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

dataset = dict(data_root='data/ffhq/images')
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

# FID against all real images, and equivariance to whole and fractional shifts and
# to rotations, of 50000 images of the averaged generator.
metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-Full-50k',
        fake_nums=50000,
        inception_style='StyleGAN',
        sample_model='ema'),
    dict(
        type='Equivariance',
        prefix='EQ',
        fake_nums=50000,
        sample_mode='ema',
        eq_cfg=dict(
            compute_eqt_int=True, compute_eqt_frac=True, compute_eqr=True))
]
val_evaluator = dict(metrics=metrics)
test_evaluator = dict(metrics=metrics)
