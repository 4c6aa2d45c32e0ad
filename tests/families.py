"""One tiny model of every family, for the tests that hold for all of them."""

EMA = dict(type='ExponentialMovingAverage', momentum=0.1)

# LSGAN and GGAN are other losses for the networks of DCGAN.
DCGAN = dict(
    noise_size=8,
    ema_config=EMA,
    generator=dict(type='DCGANGenerator', output_scale=16, base_channels=16),
    discriminator=dict(
        type='DCGANDiscriminator',
        input_scale=16,
        output_scale=4,
        out_channels=1,
        base_channels=8))

FAMILIES = dict(
    dcgan=dict(type='DCGAN', **DCGAN),
    lsgan=dict(type='LSGAN', **DCGAN),
    ggan=dict(type='GGAN', **DCGAN),
    lsgan_archi=dict(
        type='LSGAN',
        noise_size=8,
        ema_config=EMA,
        generator=dict(
            type='LSGANGenerator',
            output_scale=16,
            input_scale=4,
            base_channels=16),
        discriminator=dict(
            type='LSGANDiscriminator',
            input_scale=16,
            output_scale=4,
            base_channels=8)),
    wgangp=dict(
        type='WGANGP',
        ema_config=EMA,
        generator=dict(
            type='WGANGPGenerator', noise_size=8, out_scale=16,
            base_channels=2),
        discriminator=dict(
            type='WGANGPDiscriminator', in_channel=3, in_scale=16,
            base_channels=2)),
    biggan=dict(
        type='BigGAN',
        num_classes=3,
        ema_config=EMA,
        generator=dict(
            type='BigGANGenerator',
            output_scale=32,
            noise_size=8,
            num_classes=3,
            base_channels=4,
            with_shared_embedding=False,
            split_noise=False,
            sn_style='torch',
            init_type='N02'),
        discriminator=dict(
            type='BigGANDiscriminator',
            input_scale=32,
            num_classes=3,
            base_channels=4,
            sn_style='torch',
            init_type='N02')),
    biggan_ajbrock=dict(
        type='BigGAN',
        num_classes=3,
        ema_config=dict(**EMA, update_buffers=True),
        generator=dict(
            type='BigGANGenerator',
            output_scale=32,
            noise_size=16,
            num_classes=3,
            base_channels=4,
            shared_dim=8),
        discriminator=dict(
            type='BigGANDiscriminator',
            input_scale=32,
            num_classes=3,
            base_channels=4)),
    biggan_deep=dict(
        type='BigGAN',
        num_classes=3,
        ema_config=dict(**EMA, update_buffers=True),
        generator=dict(
            type='BigGANDeepGenerator',
            output_scale=32,
            noise_size=8,
            num_classes=3,
            base_channels=4,
            shared_dim=8,
            sn_style='torch'),
        discriminator=dict(
            type='BigGANDeepDiscriminator',
            input_scale=32,
            num_classes=3,
            base_channels=4,
            sn_style='torch')),
    sngan=dict(
        type='SNGAN',
        num_classes=3,
        noise_size=8,
        ema_config=EMA,
        generator=dict(
            type='SNGANGenerator',
            output_scale=32,
            base_channels=4,
            init_cfg=dict(type='SNGAN')),
        discriminator=dict(
            type='ProjDiscriminator',
            input_scale=32,
            base_channels=4,
            init_cfg=dict(type='SNGAN'))),
    sagan=dict(
        type='SAGAN',
        num_classes=3,
        noise_size=8,
        ema_config=dict(**EMA, update_buffers=True),
        generator=dict(
            type='SAGANGenerator',
            output_scale=32,
            base_channels=12,
            attention_after_nth_block=2,
            with_spectral_norm=True,
            sn_style='ajbrock',
            init_cfg=dict(type='SAGAN')),
        discriminator=dict(
            type='SAGANDiscriminator',
            input_scale=32,
            base_channels=12,
            attention_after_nth_block=1,
            sn_style='ajbrock',
            init_cfg=dict(type='SAGAN'))),
)

RESOLUTION = dict(
    dcgan=16, lsgan=16, ggan=16, lsgan_archi=16, wgangp=16, biggan=32,
    biggan_ajbrock=32, biggan_deep=32, sngan=32, sagan=32)
