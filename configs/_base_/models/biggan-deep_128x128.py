# BigGAN-deep at 128x128 (Brock et al. 2018, arXiv:1809.11096, appendix B) for
# the thousand classes of ImageNet, as in the published weights: RGB inside,
# turned into BGR at the end.
model = dict(
    type='BigGAN',
    num_classes=1000,
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='BigGANDeepGenerator',
        output_scale=128,
        noise_size=128,
        num_classes=1000,
        base_channels=128,
        shared_dim=128,
        with_shared_embedding=True,
        concat_noise=True,
        sn_eps=1e-6,
        sn_style='torch',
        init_type='ortho',
        act_cfg=dict(type='ReLU', inplace=True),
        auto_sync_bn=False,
        rgb2bgr=True),
    discriminator=dict(
        type='BigGANDeepDiscriminator',
        input_scale=128,
        num_classes=1000,
        base_channels=128,
        with_spectral_norm=True,
        sn_eps=1e-6,
        sn_style='torch',
        init_type='ortho',
        act_cfg=dict(type='ReLU', inplace=True)),
    ema_config=dict(
        type='ExponentialMovingAverage',
        interval=1,
        momentum=0.0001,
        update_buffers=True,
        start_iter=20000))
