# Improved DDPM for 64x64, for data in BGR.
_base_ = './improved_ddpm_32x32.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True, type='GANDataPreprocessor'),
    denoising=dict(image_size=64))
