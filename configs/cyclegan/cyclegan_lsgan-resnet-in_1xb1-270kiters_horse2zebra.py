"""CycleGAN between horses and zebras at 256x256.

Paper: Zhu, Park, Isola and Efros 2017, arXiv:1703.10593.
Data: the authors' horse2zebra.zip, in the folder data/cyclegan/horse2zebra.
Result: see README.md beside this file.
Cost: 1 GPU, 270k iterations of one image of each domain.
Command: python tools/train.py configs/cyclegan/cyclegan_lsgan-resnet-in_1xb1-270kiters_horse2zebra.py
"""
_base_ = [
    '../_base_/models/cyclegan_256x256.py',
    '../_base_/datasets/horse2zebra_unpaired_256x256.py',
    '../_base_/translation_runtime.py'
]

model = dict(
    default_domain='zebra',
    reachable_domains=['horse', 'zebra'],
    related_domains=['horse', 'zebra'])

train_cfg = dict(max_iters=270000)

# Constant for the first half, then down to 0 in a hundred steps.
param_scheduler = dict(
    type='LinearLrInterval',
    interval=1350,
    by_epoch=False,
    start_factor=0.0002,
    end_factor=0,
    begin=135000,
    end=270000)
