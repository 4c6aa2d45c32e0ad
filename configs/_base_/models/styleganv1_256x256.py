# StyleGAN at 256x256 (Karras et al. 2018, arXiv:1812.04948). It starts at 8x8;
# at each larger side the newest layers fade in over 600 thousand images.
model = dict(
    type='StyleGANv1',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    style_channels=512,
    generator=dict(
        type='StyleGANv1Generator', out_size=256, style_channels=512),
    discriminator=dict(type='StyleGAN1Discriminator', in_size=256),
    nkimgs_per_scale={
        '8': 1200,
        '16': 1200,
        '32': 1200,
        '64': 1200,
        '128': 1200,
        '256': 190000
    },
    # Of the weights of 10000 images ago one half is left; 32 in an update.
    ema_config=dict(interval=1, momentum=1 - 0.5**(32 / 10000)))

# The learning rate grows with the images; at each side the optimisers start
# anew.
optim_wrapper = dict(
    constructor='PGGANOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.001, betas=(0., 0.99))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.001, betas=(0., 0.99))),
    lr_schedule=dict(
        generator={
            '128': 0.0015,
            '256': 0.002
        },
        discriminator={
            '128': 0.0015,
            '256': 0.002
        }))
