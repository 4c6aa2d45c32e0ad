# BigGAN at 32x32 (Brock et al. 2018, arXiv:1809.11096) for ten classes.
model = dict(
    type='BigGAN',
    num_classes=10,
    # CIFAR-10 comes as RGB.
    data_preprocessor=dict(type='GANDataPreprocessor', rgb_to_bgr=True),
    generator=dict(
        type='BigGANGenerator',
        output_scale=32,
        noise_size=128,
        num_classes=10,
        base_channels=64,
        with_shared_embedding=False,
        split_noise=False,
        sn_style='torch',
        sn_eps=1e-8,
        init_type='N02',
        auto_sync_bn=False),
    discriminator=dict(
        type='BigGANDiscriminator',
        input_scale=32,
        num_classes=10,
        base_channels=64,
        with_spectral_norm=True,
        sn_style='torch',
        sn_eps=1e-8,
        init_type='N02'),
    generator_steps=1,
    discriminator_steps=4,
    ema_config=dict(
        type='ExponentialMovingAverage',
        interval=1,
        momentum=0.0001,
        start_iter=1000))
