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
)

RESOLUTION = dict(dcgan=16, lsgan=16, ggan=16, biggan=32, biggan_ajbrock=32)
