# Pix2Pix: U-Net and patches of 70 x 70 pixels, with batch norm. Each config
# names the domains.
model = dict(
    type='Pix2Pix',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    default_domain=None,
    reachable_domains=None,
    related_domains=None,
    generator=dict(
        type='UnetGenerator',
        in_channels=3,
        out_channels=3,
        num_down=8,
        base_channels=64,
        norm_cfg=dict(type='BN'),
        use_dropout=True,
        init_cfg=dict(type='normal', gain=0.02)),
    discriminator=dict(
        type='PatchDiscriminator',
        in_channels=6,
        base_channels=64,
        num_conv=3,
        norm_cfg=dict(type='BN'),
        init_cfg=dict(type='normal', gain=0.02)))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generators=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))),
    discriminators=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))))
