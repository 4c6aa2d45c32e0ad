# DCGAN at 64x64 (Radford et al. 2015, arXiv:1511.06434, figure 1): the
# generator starts from 1024 channels at 4x4, noise of 100 numbers.
model = dict(
    type='DCGAN',
    noise_size=100,
    data_preprocessor=dict(type='GANDataPreprocessor'),
    generator=dict(type='DCGANGenerator', output_scale=64, base_channels=1024),
    discriminator=dict(
        type='DCGANDiscriminator',
        input_scale=64,
        output_scale=4,
        out_channels=1))
