"""SinGAN whose images are enlarged where others are padded, on balloons.

The discriminator has no normalisation.

Paper: Xu, Wang, Chen, Zhou and Loy 2020, arXiv:2012.05217.
Data: as configs/singan/singan_balloons.py.
Result: see README.md beside this file.
Cost: one GPU, 54k iterations.
Command: python tools/train.py \
    configs/positional_encoding_in_gans/singan_interp-pad_disc-nobn_balloons.py
"""
_base_ = '../singan/singan_balloons.py'

model = dict(
    type='PESinGAN',
    fixed_noise_with_pad=True,
    generator=dict(
        type='SinGANMSGeneratorPE', interp_pad=True, noise_with_pad=True),
    discriminator=dict(norm_cfg=None))
