"""A diffusion model of a few thousand weights, for images of 16x16."""
DIFFUSION = dict(
    type='BasicGaussianDiffusion',
    num_timesteps=40,
    num_inference_steps=6,
    betas_cfg=dict(type='cosine'),
    ema_config=dict(momentum=0.1),
    ddpm_loss=[
        dict(type='DDPMVLBLoss', rescale_mode='constant',
             rescale_cfg=dict(scale=0.04), log_cfgs=[
                 dict(type='quartile', prefix_name='loss_vlb',
                      total_timesteps=40), dict(type='name')]),
        dict(type='DDPMMSELoss')
    ],
    denoising=dict(
        type='DenoisingUnet', image_size=16, base_channels=8, num_classes=3,
        resblocks_per_downsample=1, channels_cfg=[1, 2], attention_res=[8],
        num_heads=2, norm_cfg=dict(type='GN', num_groups=4), dropout=0.1,
        use_scale_shift_norm=True))
