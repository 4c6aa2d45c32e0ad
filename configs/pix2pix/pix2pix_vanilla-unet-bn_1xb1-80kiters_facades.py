"""Pix2Pix from label maps to photographs of facades at 256x256.

Paper: Isola, Zhu, Zhou and Efros 2016, arXiv:1611.07004.
Data: the authors' facades.tar.gz, in the folder data/pix2pix/facades.
Result: see README.md beside this file.
Cost: 1 GPU, 80k iterations of one pair.
Command: python tools/train.py configs/pix2pix/pix2pix_vanilla-unet-bn_1xb1-80kiters_facades.py
"""
_base_ = [
    '../_base_/models/pix2pix_256x256.py',
    '../_base_/datasets/facades_paired_256x256.py',
    '../_base_/translation_runtime.py'
]

model = dict(
    default_domain='photo',
    reachable_domains=['photo'],
    related_domains=['photo', 'mask'])

train_cfg = dict(max_iters=80000)
