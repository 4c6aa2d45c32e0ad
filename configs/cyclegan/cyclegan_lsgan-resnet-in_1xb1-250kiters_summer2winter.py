"""CycleGAN between summer and winter in Yosemite.

Paper: Zhu, Park, Isola and Efros 2017, arXiv:1703.10593.
Data: the authors' summer2winter_yosemite.zip, in data/cyclegan.
Result: see README.md beside this file.
Cost: 1 GPU, 250k iterations of one image of each domain.
Command: python tools/train.py configs/cyclegan/cyclegan_lsgan-resnet-in_1xb1-250kiters_summer2winter.py
"""
_base_ = [
    '../_base_/models/cyclegan_256x256.py',
    '../_base_/datasets/summer2winter_unpaired_256x256.py',
    '../_base_/translation_runtime.py'
]

model = dict(
    default_domain='winter',
    reachable_domains=['summer', 'winter'],
    related_domains=['summer', 'winter'])

train_cfg = dict(max_iters=250000)

# Constant for the first half, then down to 0 in a hundred steps.
param_scheduler = dict(
    type='LinearLrInterval',
    interval=1250,
    by_epoch=False,
    start_factor=0.0002,
    end_factor=0,
    begin=125000,
    end=250000)
