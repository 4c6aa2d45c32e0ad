"""SinGAN on a photograph of balloons.

Paper: Rott Shaham, Dekel and Michaeli 2019, arXiv:1905.01164.
Data: the authors' balloons.png, at the path below.
Result: see README.md beside this file.
Cost: one GPU, 54k iterations; images grow to 300 pixels.
Command: python tools/train.py configs/singan/singan_balloons.py
"""
_base_ = [
    '../_base_/models/singan.py', '../_base_/datasets/singan.py',
    '../_base_/default_runtime.py'
]

num_scales = 8
model = dict(
    num_scales=num_scales,
    generator=dict(num_scales=num_scales),
    discriminator=dict(num_scales=num_scales))

train_dataloader = dict(
    dataset=dict(data_root='./data/singan/balloons.png', max_size=300))

# 9 scales, 2000 rounds of three iterations at each.
train_cfg = dict(max_iters=54000)
val_cfg = None
test_cfg = None

# All scales but one are fixed or wait for their turn.
model_wrapper_cfg = dict(find_unused_parameters=True)

custom_hooks = [
    dict(
        type='PickleDataHook',
        output_dir='pickle',
        data_name_list=['noise_weights', 'fixed_noises', 'curr_stage'],
        interval=-1,
        after_run=True),
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        n_samples=8,
        n_row=4,
        vis_kwargs_list=dict(type='SinGAN', name='balloons'))
]
