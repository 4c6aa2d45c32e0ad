# R3GAN (Huang et al. 2024, arXiv:2501.05441, configuration E) and the part of
# its training that all data sets share. A config sets the widths, and the ends
# of the schedules: gamma_iters, ramp_iters, ramp_kimg, T_max.
model = dict(
    type='R3GAN',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(type='R3GANGenerator', noise_size=64),
    discriminator=dict(type='R3GANDiscriminator'),
    disc_augment=dict(
        type='RampUpAug',
        aug_pipeline=dict(
            xflip=1,
            rotate90=1,
            xint=1,
            scale=1,
            rotate=1,
            aniso=1,
            xfrac=1,
            brightness=0.5,
            contrast=0.5,
            lumaflip=0.5,
            hue=0.5,
            saturation=0.5,
            cutout=1)),
    ema_config=dict(type='CosineRampEMA'))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.0, 0.9))),
    discriminator=dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.0, 0.9))))
