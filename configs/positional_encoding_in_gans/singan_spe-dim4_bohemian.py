"""SinGAN with a sinusoidal encoding at its first scale, on bohemian.

Paper: Xu, Wang, Chen, Zhou and Loy 2020, arXiv:2012.05217.
Data: as configs/singan/singan_bohemian.py.
Result: see README.md beside this file.
Cost: one GPU, 66k iterations.
Command: python tools/train.py \
    configs/positional_encoding_in_gans/singan_spe-dim4_bohemian.py
"""
_base_ = '../singan/singan_bohemian.py'

# 4 channels for each axis.
model = dict(
    type='PESinGAN',
    first_fixed_noises_ch=8,
    generator=dict(
        type='SinGANMSGeneratorPE',
        padding=1,
        pad_at_head=False,
        first_stage_in_channels=8,
        positional_encoding=dict(
            type='SPE',
            embedding_dim=4,
            padding_idx=0,
            init_size=512,
            div_half_dim=False,
            center_shift=200)))
