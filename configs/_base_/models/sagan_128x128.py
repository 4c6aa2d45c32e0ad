# SAGAN at 128x128 (Zhang et al. 2018, arXiv:1805.08318) for the thousand classes
# of ImageNet, attention at 64x64.
init_cfg = dict(type='studio')
model = dict(
    type='SAGAN',
    num_classes=1000,
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='SAGANGenerator',
        num_classes=1000,
        output_scale=128,
        base_channels=64,
        attention_cfg=dict(type='SelfAttentionBlock'),
        attention_after_nth_block=4,
        with_spectral_norm=True,
        init_cfg=init_cfg),
    discriminator=dict(
        type='ProjDiscriminator',
        num_classes=1000,
        input_scale=128,
        base_channels=64,
        attention_cfg=dict(type='SelfAttentionBlock'),
        attention_after_nth_block=1,
        with_spectral_norm=True,
        init_cfg=init_cfg),
    generator_steps=1,
    discriminator_steps=1)
