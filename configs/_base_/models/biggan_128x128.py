# BigGAN at 128x128 (Brock et al. 2018, arXiv:1809.11096, appendix B) for the
# thousand classes of ImageNet.
model = dict(
    type='BigGAN',
    num_classes=1000,
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='BigGANGenerator',
        output_scale=128,
        noise_size=120,
        num_classes=1000,
        base_channels=96,
        shared_dim=128,
        with_shared_embedding=True,
        split_noise=True,
        sn_eps=1e-6,
        init_type='ortho',
        act_cfg=dict(type='ReLU', inplace=True),
        auto_sync_bn=False),
    discriminator=dict(
        type='BigGANDiscriminator',
        input_scale=128,
        num_classes=1000,
        base_channels=96,
        with_spectral_norm=True,
        sn_eps=1e-6,
        init_type='ortho',
        act_cfg=dict(type='ReLU', inplace=True)),
    generator_steps=1,
    discriminator_steps=1,
    ema_config=dict(
        type='ExponentialMovingAverage',
        interval=1,
        momentum=0.0001,
        update_buffers=True,
        start_iter=20000))
