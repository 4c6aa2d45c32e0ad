"""LSGAN with DCGAN's networks on the bedrooms of LSUN at 64x64.

Paper: Mao et al. 2016, arXiv:1611.04076,
  with the networks of Radford, Metz and Chintala 2015, arXiv:1511.06434.
Data: the training bedrooms of LSUN as images in the folder named below.
Result: see README.md beside this file.
Cost: 1 GPU, 100k iterations of 128 images.
Command: python tools/train.py configs/lsgan/lsgan_dcgan-archi_lr1e-4-1xb128-12Mimgs_lsun-bedroom-64x64.py
"""
_base_ = [
    '../_base_/models/dcgan_64x64.py',
    '../_base_/datasets/unconditional_imgs_64x64.py',
    '../_base_/metrics/fid-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(type='LSGAN')

train_cfg = dict(max_iters=100000)

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.5, 0.99))))

dataset = dict(data_root='./data/lsun/images/bedroom_train')
train_dataloader = dict(batch_size=128, dataset=dataset)
val_dataloader = dict(batch_size=32, dataset=dataset)
test_dataloader = dict(batch_size=32, dataset=dataset)
