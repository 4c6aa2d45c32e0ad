"""Pix2Pix from edges to photographs of shoes at 256x256.

Paper: Isola, Zhu, Zhou and Efros 2016, arXiv:1611.07004.
Data: the authors' edges2shoes.tar.gz, in data/pix2pix/edges2shoes.
Result: see README.md beside this file.
Cost: 4 GPUs, 190k iterations of one pair on each.
Command: python tools/train.py configs/pix2pix/pix2pix_vanilla-unet-bn_wo-jitter-flip-4xb1-190kiters_edges2shoes.py
"""
_base_ = [
    '../_base_/models/pix2pix_256x256.py',
    '../_base_/datasets/edges2shoes_paired_256x256.py',
    '../_base_/translation_runtime.py'
]

model = dict(
    default_domain='photo',
    reachable_domains=['photo'],
    related_domains=['photo', 'edges'])

train_cfg = dict(max_iters=190000)
