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
    r3gan=dict(
        type='R3GAN',
        num_classes=3,
        loss_config=dict(gamma=(2.0, 0.2), gamma_iters=100),
        ema_config=EMA,
        generator=dict(
            type='R3GANGenerator',
            noise_size=8,
            widths=(16, 16, 8),
            group_size=8),
        discriminator=dict(
            type='R3GANDiscriminator', widths=(16, 16, 8), group_size=8)),
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
    pggan=dict(
        type='ProgressiveGrowingGAN',
        noise_size=8,
        ema_config=EMA,
        nkimgs_per_scale={'4': 0.004, '8': 1},
        transition_kimgs=0.016,
        generator=dict(type='PGGANGenerator', out_scale=8, max_channels=8),
        discriminator=dict(
            type='PGGANDiscriminator', in_scale=8, max_channels=8)),
    stylegan1=dict(
        type='StyleGANv1',
        style_channels=8,
        ema_config=EMA,
        nkimgs_per_scale={'4': 0.004, '8': 1},
        transition_kimgs=0.016,
        generator=dict(
            type='StyleGANv1Generator',
            out_size=8,
            num_mlps=2,
            max_channels=8),
        discriminator=dict(
            type='StyleGAN1Discriminator', in_size=8, max_channels=8)),
    stylegan2=dict(
        type='StyleGAN2',
        ema_config=EMA,
        generator=dict(
            type='StyleGANv2Generator',
            out_size=16,
            style_channels=8,
            num_mlps=2,
            max_channels=8),
        discriminator=dict(
            type='StyleGAN2Discriminator', in_size=16, max_channels=8)),
    stylegan2_classes=dict(
        type='StyleGAN2',
        num_classes=3,
        ema_config=EMA,
        generator=dict(
            type='StyleGANv2Generator',
            out_size=16,
            style_channels=8,
            num_mlps=2,
            max_channels=8),
        discriminator=dict(
            type='StyleGAN2Discriminator', in_size=16, max_channels=8)),
    mspie=dict(
        type='MSPIEStyleGAN2',
        ema_config=EMA,
        train_settings=dict(multi_input_scales=[0, 2]),
        generator=dict(
            type='MSStyleGANv2Generator',
            out_size=8,
            style_channels=8,
            num_mlps=2,
            head_pos_encoding=dict(
                type='SPE', embedding_dim=4, padding_idx=0),
            deconv2conv=True,
            max_channels=8),
        discriminator=dict(
            type='MSStyleGAN2Discriminator',
            in_size=8,
            with_adaptive_pool=True,
            max_channels=8)),
    stylegan3=dict(
        type='StyleGAN3',
        ema_config=EMA,
        generator=dict(
            type='StyleGANv3Generator',
            out_size=16,
            style_channels=8,
            img_channels=3,
            noise_size=8,
            synthesis_cfg=dict(
                type='SynthesisNetwork',
                channel_base=64,
                channel_max=8,
                num_layers=4)),
        discriminator=dict(
            type='StyleGAN2Discriminator', in_size=16, max_channels=8)),
    stylegan3_r_classes=dict(
        type='StyleGAN3',
        num_classes=3,
        ema_config=EMA,
        generator=dict(
            type='StyleGANv3Generator',
            out_size=16,
            style_channels=8,
            img_channels=3,
            noise_size=8,
            synthesis_cfg=dict(
                type='SynthesisNetwork',
                channel_base=64,
                channel_max=8,
                num_layers=4,
                conv_kernel=1,
                use_radial_filters=True)),
        discriminator=dict(
            type='StyleGAN2Discriminator', in_size=16, max_channels=8)),
)

RESOLUTION = dict(
    dcgan=16, lsgan=16, ggan=16, lsgan_archi=16, wgangp=16, biggan=32,
    biggan_ajbrock=32, biggan_deep=32, r3gan=16, sngan=32, sagan=32,
    pggan=8, stylegan1=8, stylegan2=16, stylegan2_classes=16, mspie=8,
    stylegan3=16, stylegan3_r_classes=16)

# Generators that do not end with a tanh: their images may leave [-1, 1].
UNBOUNDED = {
    'r3gan', 'pggan', 'stylegan1', 'stylegan2', 'stylegan2_classes', 'mspie',
    'stylegan3', 'stylegan3_r_classes'
}
