"""A trial of StyleGAN2 at 256x256, both networks in half precision.

Paper: Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv:1912.04958.
Data: none, noise takes the place of images.
Result: none; to see whether training runs, and how fast.
Cost: 8 GPUs, 800k iterations of 2 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv2/stylegan2_c2_8xb4-fp16-global-800kiters_quicktest-ffhq-256x256.py 8
"""
_base_ = './stylegan2_c2_8xb4-800kiters_ffhq-256x256.py'

model = dict(
    generator=dict(fp16_enabled=True),
    discriminator=dict(fp16_enabled=True))

optim_wrapper = dict(
    generator=dict(type='AmpOptimWrapper', loss_scale=512),
    discriminator=dict(type='AmpOptimWrapper', loss_scale=512))

dataset = dict(_delete_=True, type='QuickTestImageDataset', size=256)
train_dataloader = dict(batch_size=2, dataset=dataset)
val_dataloader = dict(batch_size=2, dataset=dataset)
test_dataloader = dict(batch_size=2, dataset=dataset)

default_hooks = dict(logger=dict(interval=1))

metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-Full-50k',
        fake_nums=50000,
        inception_style='StyleGAN',
        sample_model='ema')
]
val_evaluator = dict(metrics=metrics)
test_evaluator = dict(metrics=metrics)
