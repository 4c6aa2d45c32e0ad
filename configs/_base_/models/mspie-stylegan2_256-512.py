# MSPIE-StyleGAN2 at 256, 384 and 512 (Xu et al. 2020, arXiv:2012.05217): a
# configuration of table 5 says what the first feature map is.
_base_ = ['./stylegan2_256x256.py']

model = dict(
    type='MSPIEStyleGAN2',
    # Images of (4 + scale) * 2**6 pixels.
    train_settings=dict(
        num_upblocks=6,
        multi_input_scales=[0, 2, 4],
        multi_scale_probability=[0.5, 0.25, 0.25]),
    generator=dict(
        type='MSStyleGANv2Generator',
        deconv2conv=True,
        up_after_conv=True,
        up_config=dict(scale_factor=2, mode='bilinear', align_corners=True)),
    discriminator=dict(
        type='MSStyleGAN2Discriminator', with_adaptive_pool=True))
