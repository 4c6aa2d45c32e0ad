"""Pix2Pix, small: outlines of emoji coloured on a CPU in minutes.

Paper: Isola, Zhu, Zhou and Efros 2016, arXiv:1611.07004.
Data: python tools/dataset/prepare_openmoji.py writes it to data/openmoji.
Result: see README.md beside this file.
Cost: two CPU cores, about six minutes.
Command: python tools/train.py configs/quickstart/pix2pix_openmoji-64x64.py
"""
_base_ = [
    '../_base_/datasets/openmoji_64x64.py', '../_base_/default_runtime.py'
]

# Six halvings take 64x64 pixels to one; three eighths of the width, and a
# discriminator that sees patches of 34 pixels.
model = dict(
    type='Pix2Pix',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    default_domain='color',
    reachable_domains=['color'],
    related_domains=['color', 'outline'],
    generator=dict(
        type='UnetGenerator',
        in_channels=3,
        out_channels=3,
        num_down=6,
        base_channels=24,
        norm_cfg=dict(type='BN'),
        use_dropout=True),
    discriminator=dict(
        type='PatchDiscriminator',
        in_channels=6,
        base_channels=24,
        num_conv=2,
        norm_cfg=dict(type='BN')))

# Twice the paper's rate: the run is short.
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generators=dict(
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.5, 0.999))),
    discriminators=dict(
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.5, 0.999))))
param_scheduler = dict(
    type='LinearLR', start_factor=1.0, end_factor=0.1, begin=2000, end=4000)

# Comparable with itself only; all 60 pairs for testing.
metrics = [
    dict(
        type='TransFID',
        prefix='FID-EffLite0',
        feature='EfficientNetLite0',
        fake_nums=60,
        fake_key='fake_color',
        real_key='img_color',
        sample_model='orig')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)

train_cfg = dict(max_iters=4000, val_interval=1000, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=1000, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=1000,
        fixed_input=True,
        n_samples=24,
        n_row=4,
        vis_kwargs_list=[
            dict(type='Translation', name='trans'),
            dict(type='TranslationVal', name='trans_val')
        ])
]
