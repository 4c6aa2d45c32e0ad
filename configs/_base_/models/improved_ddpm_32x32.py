# Improved DDPM for 32x32: cosine schedule of 4000 steps, hybrid loss.
model = dict(
    type='BasicGaussianDiffusion',
    num_timesteps=4000,
    betas_cfg=dict(type='cosine'),
    timestep_sampler=dict(type='UniformTimeStepSampler'),
    # CIFAR-10 is RGB, the model BGR.
    data_preprocessor=dict(type='GANDataPreprocessor', rgb_to_bgr=True),
    denoising=dict(
        type='DenoisingUnet',
        image_size=32,
        in_channels=3,
        base_channels=128,
        resblocks_per_downsample=3,
        attention_res=[16, 8],
        num_heads=4,
        dropout=0,
        use_scale_shift_norm=True,
        use_rescale_timesteps=True,
        output_cfg=dict(mean='eps', var='learned_range')),
    # lambda of the hybrid loss is 0.001 for the bound summed over all steps;
    # the mean over a random step is 1/4000 of that sum, so the factor is 4.
    ddpm_loss=[
        dict(
            type='DDPMVLBLoss',
            rescale_mode='constant',
            rescale_cfg=dict(scale=4.0),
            data_info=dict(
                mean_pred='mean_pred',
                mean_target='mean_posterior',
                logvar_pred='logvar_pred',
                logvar_target='logvar_posterior'),
            log_cfgs=[
                dict(
                    type='quartile',
                    prefix_name='loss_vlb',
                    total_timesteps=4000),
                dict(type='name')
            ]),
        dict(
            type='DDPMMSELoss',
            log_cfgs=dict(
                type='quartile', prefix_name='loss_mse', total_timesteps=4000))
    ],
    ema_config=dict(momentum=0.0001))
