"""CycleGAN, small: emoji faces from one style to another on a CPU in minutes.

Paper: Zhu, Park, Isola and Efros 2017, arXiv:1703.10593.
Data: python tools/dataset/prepare_emoji_styles.py writes it to
    data/emoji_styles.
Result: see README.md beside this file.
Cost: two CPU cores, about three minutes.
Command: python tools/train.py configs/quickstart/cyclegan_emoji-styles-64x64.py
"""
_base_ = [
    '../_base_/datasets/emoji_styles_64x64.py',
    '../_base_/default_runtime.py'
]

# A quarter of the width, three residual blocks of nine, and discriminators
# that see patches of 34 pixels.
model = dict(
    type='CycleGAN',
    data_preprocessor=dict(type='GANDataPreprocessor'),
    default_domain='twitter',
    reachable_domains=['google', 'twitter'],
    related_domains=['google', 'twitter'],
    generator=dict(
        type='ResnetGenerator',
        in_channels=3,
        out_channels=3,
        base_channels=16,
        num_blocks=3,
        norm_cfg=dict(type='IN')),
    discriminator=dict(
        type='PatchDiscriminator',
        in_channels=3,
        base_channels=16,
        num_conv=2,
        norm_cfg=dict(type='IN')),
    loss_config=dict(cycle_loss_weight=10.0, id_loss_weight=0.0))

# Twice the paper's rate, and no decay: the run is short. With a rate that fell
# to a tenth, within as many iterations or within twice as many, the translations
# got stains.
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generators=dict(
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.5, 0.999))),
    discriminators=dict(
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.5, 0.999))))

# Comparable with itself only; all 22 faces for testing.
metrics = [
    dict(
        type='TransFID',
        prefix='FID-EffLite0',
        feature='EfficientNetLite0',
        fake_nums=22,
        fake_key='fake_twitter',
        real_key='img_twitter',
        sample_model='orig')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)

train_cfg = dict(max_iters=1500, val_interval=500, val_at_start=True)
default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(
        interval=500, save_best='FID-EffLite0/fid', max_keep_ckpts=1))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=500,
        fixed_input=True,
        n_samples=20,
        n_row=4,
        vis_kwargs_list=[
            dict(type='Translation', name='trans'),
            dict(type='TranslationVal', name='trans_val')
        ])
]
