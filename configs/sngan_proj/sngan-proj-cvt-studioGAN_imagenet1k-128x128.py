"""SNGAN with projection on ImageNet for weights converted from StudioGAN.

Testing only. The converted generator makes RGB; rgb_to_bgr turns it into the
order of the other models.

Paper: Miyato et al. 2018, arXiv:1802.05957; Miyato and Koyama 2018,
    arXiv:1802.05637.
Data: ImageNet-1k under data/imagenet, for the real side of FID.
Result: see README.md beside this file.
Cost: 50000 images and their features.
Command: python tools/test.py \
    configs/sngan_proj/sngan-proj-cvt-studioGAN_imagenet1k-128x128.py CHECKPOINT
"""
_base_ = [
    '../_base_/models/sngan-proj_128x128.py',
    '../_base_/datasets/imagenet_128x128.py',
    '../_base_/metrics/fid-is-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(generator=dict(rgb_to_bgr=True), discriminator_steps=2)

train_cfg = None
train_dataloader = None
optim_wrapper = None
