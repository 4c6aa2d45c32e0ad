# StyleGAN3-T at 1024x1024 (Karras et al. 2021, arXiv:2106.12423).
model = dict(
    type='StyleGAN3',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='StyleGANv3Generator',
        out_size=1024,
        style_channels=512,
        noise_size=512,
        img_channels=3,
        synthesis_cfg=dict(
            type='SynthesisNetwork',
            channel_base=32768,
            channel_max=512,
            magnitude_ema_beta=0.999)),
    discriminator=dict(type='StyleGAN2Discriminator', in_size=1024),
    ema_config=dict(type='ExponentialMovingAverage'),
    # R1 with gamma = 10: weight gamma / 2, times the interval. StyleGAN3 has no
    # path length penalty; the settings that begin with g_reg and pl say nothing.
    loss_config=dict(
        r1_loss_weight=80.0,
        r1_interval=16,
        norm_mode='HWC',
        g_reg_weight=8.0,
        g_reg_interval=4,
        pl_batch_shrink=2))
