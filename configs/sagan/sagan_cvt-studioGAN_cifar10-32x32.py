"""SAGAN on CIFAR-10 at 32x32 for weights converted from StudioGAN.

Testing only. The converted generator makes RGB; rgb_to_bgr turns it into the
order of the other models.

Paper: Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318.
Data: the python version of CIFAR-10 under data/cifar10, for the real side of
    FID.
Result: see README.md beside this file.
Cost: 50000 images and their features.
Command: python tools/test.py \
    configs/sagan/sagan_cvt-studioGAN_cifar10-32x32.py CHECKPOINT
"""
_base_ = [
    '../_base_/models/sagan_32x32.py',
    '../_base_/datasets/cifar10_32x32.py',
    '../_base_/metrics/fid-is-50k_orig.py', '../_base_/default_runtime.py'
]

model = dict(generator=dict(rgb_to_bgr=True))

train_cfg = None
train_dataloader = None
optim_wrapper = None
