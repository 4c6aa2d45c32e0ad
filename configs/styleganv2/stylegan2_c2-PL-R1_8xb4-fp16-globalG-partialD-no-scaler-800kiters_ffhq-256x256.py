"""StyleGAN2 on FFHQ at 256x256, the generator in half precision.

So are the four highest resolutions of the discriminator.

Paper: Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv:1912.04958.
Data: FFHQ scaled to 256x256, in the folder data/ffhq/ffhq_imgs/ffhq_256.
Result: see README.md beside this file.
Cost: 8 GPUs, 800k iterations of 4 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv2/stylegan2_c2-PL-R1_8xb4-fp16-globalG-partialD-no-scaler-800kiters_ffhq-256x256.py 8
"""
_base_ = './stylegan2_c2_8xb4-800kiters_ffhq-256x256.py'

model = dict(
    generator=dict(fp16_enabled=True),
    discriminator=dict(fp16_enabled=False, num_fp16_scales=4))

optim_wrapper = dict(
    generator=dict(type='AmpOptimWrapper', loss_scale=512),
    discriminator=dict(type='AmpOptimWrapper', loss_scale=512))

train_cfg = dict(max_iters=800000)
