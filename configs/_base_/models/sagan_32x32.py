# SAGAN at 32x32 (Zhang et al. 2018, arXiv:1805.08318) for ten classes, attention
# at 16x16.
init_cfg = dict(type='studio')
model = dict(
    type='SAGAN',
    num_classes=10,
    # CIFAR-10 comes as RGB.
    data_preprocessor=dict(type='GANDataPreprocessor', rgb_to_bgr=True),
    generator=dict(
        type='SAGANGenerator',
        num_classes=10,
        output_scale=32,
        base_channels=256,
        attention_cfg=dict(type='SelfAttentionBlock'),
        attention_after_nth_block=2,
        with_spectral_norm=True,
        init_cfg=init_cfg),
    discriminator=dict(
        type='ProjDiscriminator',
        num_classes=10,
        input_scale=32,
        base_channels=128,
        attention_cfg=dict(type='SelfAttentionBlock'),
        attention_after_nth_block=1,
        with_spectral_norm=True,
        init_cfg=init_cfg),
    generator_steps=1,
    discriminator_steps=5)
