"""SNGAN with projection on ImageNet at 128x128, shortcuts of D activated.

The learning rates are 1.x's, which are not those in its name.

Paper: Miyato et al. 2018, arXiv:1802.05957; Miyato and Koyama 2018,
    arXiv:1802.05637.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: see README.md beside this file.
Cost: 2 GPUs, 2.5M iterations of 128 images each.
Command: bash tools/dist_train.sh \
    configs/sngan_proj/sngan-proj_wReLUinplace_Glr2e-4_Dlr5e-5_ndisc5-2xb128_imagenet1k-128x128.py 2
"""
_base_ = './sngan-proj_woReLUinplace_Glr2e-4_Dlr5e-5_ndisc5-2xb128_imagenet1k-128x128.py'

# The discriminator's shortcuts take the activated input, see SNGANDiscResBlock.
act_cfg = dict(type='ReLU', inplace=True)
model = dict(
    generator=dict(act_cfg=act_cfg), discriminator=dict(act_cfg=act_cfg))

optim_wrapper = dict(
    generator=dict(optimizer=dict(betas=(0.5, 0.999))),
    discriminator=dict(optimizer=dict(lr=0.0002, betas=(0.5, 0.999))))
