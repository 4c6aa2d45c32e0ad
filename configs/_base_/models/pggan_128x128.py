# PGGAN at 128x128 (Karras et al. 2017, arXiv:1710.10196). At each side but the
# first the newest layers fade in over 600 thousand images.
model = dict(
    type='ProgressiveGrowingGAN',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    noise_size=512,
    generator=dict(type='PGGANGenerator', out_scale=128),
    discriminator=dict(type='PGGANDiscriminator', in_scale=128),
    nkimgs_per_scale={
        '4': 600,
        '8': 1200,
        '16': 1200,
        '32': 1200,
        '64': 1200,
        '128': 12000
    },
    transition_kimgs=600,
    ema_config=dict(interval=1))

# The learning rate grows with the images; at each side the optimisers start
# anew.
optim_wrapper = dict(
    constructor='PGGANOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0., 0.99))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.001, betas=(0., 0.99))),
    lr_schedule=dict(
        generator={'128': 0.0015}, discriminator={'128': 0.0015}))
