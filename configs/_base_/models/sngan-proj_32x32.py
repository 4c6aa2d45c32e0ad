# SNGAN with projection at 32x32 (Miyato et al. 2018, arXiv:1802.05957, table 4;
# Miyato and Koyama 2018, arXiv:1802.05637) for ten classes.
init_cfg = dict(type='studio')
model = dict(
    type='SNGAN',
    num_classes=10,
    # CIFAR-10 comes as RGB.
    data_preprocessor=dict(type='GANDataPreprocessor', rgb_to_bgr=True),
    generator=dict(
        type='SNGANGenerator',
        num_classes=10,
        output_scale=32,
        base_channels=256,
        init_cfg=init_cfg),
    discriminator=dict(
        type='ProjDiscriminator',
        num_classes=10,
        input_scale=32,
        base_channels=128,
        init_cfg=init_cfg),
    generator_steps=1,
    discriminator_steps=5)
