"""BigGAN-deep on ImageNet at 128x128 for weights converted from HuggingFace.

Testing only: the weights are those of a generator, the discriminator is there
for the form. The generator makes RGB; rgb2bgr turns it into the order of the
other models.

Paper: Brock, Donahue and Simonyan 2018, arXiv:1809.11096.
Data: ImageNet-1k under data/imagenet, for the real side of FID.
Result: see README.md beside this file.
Cost: 50000 images and their features.
Command: python tools/test.py \
    configs/biggan/biggan-deep_cvt-hugging-face-rgb_imagenet1k-128x128.py CHECKPOINT
"""
_base_ = [
    '../_base_/models/biggan-deep_128x128.py',
    '../_base_/datasets/imagenet_128x128.py',
    '../_base_/metrics/fid-is-50k_ema.py', '../_base_/default_runtime.py'
]

train_cfg = None
train_dataloader = None
optim_wrapper = None
