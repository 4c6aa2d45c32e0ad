"""StyleGAN2 on FFHQ at 256x256, both networks in half precision.

1.x did it with apex, at its level O1; here it is autocast, which does the same,
without limits to the feature maps.

Paper: Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv:1912.04958.
Data: FFHQ scaled to 256x256, in the folder data/ffhq/ffhq_imgs/ffhq_256.
Result: see README.md beside this file.
Cost: 8 GPUs, 800k iterations of 4 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv2/stylegan2_c2-PL-R1_8xb4-apex-fp16-no-scaler-800kiters_ffhq-256x256.py 8
"""
_base_ = './stylegan2_c2_8xb4-800kiters_ffhq-256x256.py'

# Without effect: penalties are in full precision.
model = dict(
    loss_config=dict(r1_use_apex_amp=False, g_reg_use_apex_amp=False))

optim_wrapper = dict(
    generator=dict(type='AmpOptimWrapper'),
    discriminator=dict(type='AmpOptimWrapper'))
