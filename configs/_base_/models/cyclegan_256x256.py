# CycleGAN: nine residual blocks and patches of 70 x 70 pixels, with instance
# norm. Each config names the domains.
model = dict(
    type='CycleGAN',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    default_domain=None,
    reachable_domains=None,
    related_domains=None,
    generator=dict(
        type='ResnetGenerator',
        in_channels=3,
        out_channels=3,
        base_channels=64,
        norm_cfg=dict(type='IN'),
        use_dropout=False,
        num_blocks=9,
        padding_mode='reflect',
        init_cfg=dict(type='normal', gain=0.02)),
    discriminator=dict(
        type='PatchDiscriminator',
        in_channels=3,
        base_channels=64,
        num_conv=3,
        norm_cfg=dict(type='IN'),
        init_cfg=dict(type='normal', gain=0.02)),
    loss_config=dict(cycle_loss_weight=10.0, id_loss_weight=0.5))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generators=dict(
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))),
    discriminators=dict(
        optimizer=dict(type='Adam', lr=0.0002, betas=(0.5, 0.999))))
