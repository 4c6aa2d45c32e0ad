# StyleGAN2 at 256x256 (Karras et al. 2020, arXiv:1912.04958), configuration F:
# widths from 64 pixels on doubled (channel_multiplier=2, the default).
d_reg_interval, g_reg_interval = 16, 4

model = dict(
    type='StyleGAN2',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='StyleGANv2Generator', out_size=256, style_channels=512),
    discriminator=dict(type='StyleGAN2Discriminator', in_size=256),
    # R1 with gamma = 10, path length with weight 2, each times its interval.
    loss_config=dict(
        r1_loss_weight=10. / 2. * d_reg_interval,
        r1_interval=d_reg_interval,
        norm_mode='HWC',
        g_reg_weight=2. * g_reg_interval,
        g_reg_interval=g_reg_interval,
        pl_batch_shrink=2),
    # Of the weights of 10000 images ago one half is left; 32 in an update.
    ema_config=dict(
        type='ExponentialMovingAverage',
        interval=1,
        momentum=1 - 0.5**(32 / 10000)))

# Penalties that are due in one update of k: the paper's rates to the share
# k / (k + 1) (appendix B).
g_reg_ratio = g_reg_interval / (g_reg_interval + 1)
d_reg_ratio = d_reg_interval / (d_reg_interval + 1)
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(
        optimizer=dict(
            type='Adam', lr=0.002 * g_reg_ratio,
            betas=(0.0, 0.99**g_reg_ratio))),
    discriminator=dict(
        optimizer=dict(
            type='Adam', lr=0.002 * d_reg_ratio,
            betas=(0.0, 0.99**d_reg_ratio))))
