"""Pix2Pix from aerial photographs to maps at 256x256.

Paper: Isola, Zhu, Zhou and Efros 2016, arXiv:1611.07004.
Data: the authors' maps.tar.gz, in the folder data/pix2pix/maps.
Result: see README.md beside this file.
Cost: 1 GPU, 220k iterations of one pair.
Command: python tools/train.py configs/pix2pix/pix2pix_vanilla-unet-bn_1xb1-220kiters_aerial2maps.py
"""
_base_ = [
    '../_base_/models/pix2pix_256x256.py',
    '../_base_/datasets/maps_paired_256x256.py',
    '../_base_/translation_runtime.py'
]

model = dict(
    default_domain='map',
    reachable_domains=['map'],
    related_domains=['map', 'aerial'])

train_cfg = dict(max_iters=220000)
