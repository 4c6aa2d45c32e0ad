"""CycleGAN between facades and their label maps at 256x256.

Paper: Zhu, Park, Isola and Efros 2017, arXiv:1703.10593.
Data: the authors' facades.zip, in the folder data/cyclegan/facades.
Result: see README.md beside this file.
Cost: 1 GPU, 80k iterations of one image of each domain.
Command: python tools/train.py configs/cyclegan/cyclegan_lsgan-resnet-in_1xb1-80kiters_facades.py
"""
_base_ = [
    '../_base_/models/cyclegan_256x256.py',
    '../_base_/datasets/facades_unpaired_256x256.py',
    '../_base_/translation_runtime.py'
]

model = dict(
    default_domain='photo',
    reachable_domains=['photo', 'mask'],
    related_domains=['photo', 'mask'])

train_cfg = dict(max_iters=80000)

# Constant for the first half, then down to 0 in a hundred steps.
param_scheduler = dict(
    type='LinearLrInterval',
    interval=400,
    by_epoch=False,
    start_factor=0.0002,
    end_factor=0,
    begin=40000,
    end=80000)
