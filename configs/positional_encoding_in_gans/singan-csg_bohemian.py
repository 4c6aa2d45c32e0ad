"""SinGAN with a Cartesian grid at its first scale, on bohemian.

Paper: Xu, Wang, Chen, Zhou and Loy 2020, arXiv:2012.05217.
Data: as configs/singan/singan_bohemian.py.
Result: see README.md beside this file.
Cost: one GPU, 66k iterations.
Command: python tools/train.py \
    configs/positional_encoding_in_gans/singan-csg_bohemian.py
"""
_base_ = '../singan/singan_bohemian.py'

model = dict(
    type='PESinGAN',
    first_fixed_noises_ch=2,
    generator=dict(
        type='SinGANMSGeneratorPE',
        padding=1,
        pad_at_head=False,
        first_stage_in_channels=2,
        positional_encoding=dict(type='CSG')))
