"""StyleGAN3-R on FFHQ at 1024x1024 for weights converted from the authors'.

Testing only. The weights make RGB; rgb2bgr turns it into the order of the other
models.

Paper: Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen and Aila 2021,
    arXiv:2106.12423.
Data: the 1024x1024 images of FFHQ under data/ffhq/images, for the real side of FID.
Result: see README.md beside this file.
Cost: 50000 images and their features.
Command: python tools/test.py \
    configs/styleganv3/stylegan3-r_cvt-official-rgb_8xb4_ffhq-1024x1024.py CHECKPOINT
"""
_base_ = [
    '../_base_/models/stylegan3-r_1024x1024.py',
    '../_base_/datasets/unconditional_imgs_flip.py',
    '../_base_/metrics/fid-50k_ema.py', '../_base_/default_runtime.py'
]

model = dict(generator=dict(rgb2bgr=True))

dataset = dict(data_root='./data/ffhq/images')
val_dataloader = dict(batch_size=4, dataset=dataset)
test_dataloader = dict(batch_size=4, dataset=dataset)

train_cfg = None
train_dataloader = None
optim_wrapper = None
