# SinGAN as in arXiv:1905.01164; each config sets num_scales, three times.
model = dict(
    type='SinGAN',
    data_preprocessor=dict(
        type='GANDataPreprocessor', non_image_keys=['input_sample']),
    generator=dict(
        type='SinGANMultiScaleGenerator', in_channels=3, out_channels=3),
    discriminator=dict(type='SinGANMultiScaleDiscriminator', in_channels=3),
    generator_steps=3,
    discriminator_steps=3,
    # A round has three updates of each network: three iterations.
    iters_per_scale=2000,
    noise_weight_init=0.1,
    lr_scheduler_args=dict(milestones=[1600], gamma=0.1),
    test_pkl_data=None)

optim_wrapper = dict(
    constructor='SinGANOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0005, betas=(0.5, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.0005, betas=(0.5, 0.999))))
