# SNGAN with projection at 128x128 (Miyato et al. 2018, arXiv:1802.05957,
# table 6; Miyato and Koyama 2018, arXiv:1802.05637) for the thousand classes of
# ImageNet.
init_cfg = dict(type='studio')
model = dict(
    type='SNGAN',
    num_classes=1000,
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(
        type='SNGANGenerator',
        num_classes=1000,
        output_scale=128,
        base_channels=64,
        init_cfg=init_cfg),
    discriminator=dict(
        type='ProjDiscriminator',
        num_classes=1000,
        input_scale=128,
        base_channels=64,
        init_cfg=init_cfg),
    generator_steps=1,
    discriminator_steps=5)
