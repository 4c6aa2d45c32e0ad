"""MSPIE-StyleGAN2 at 256, 384 and 512, configuration h.

Configuration c without padding: interpolation makes up for what the
convolutions lose.

Paper: Xu, Wang, Chen, Zhou and Loy 2020, arXiv:2012.05217.
Data: FFHQ scaled to 512x512, in the folder named below.
Result: see README.md beside this file.
Cost: 8 GPUs, 1.1M iterations of 3 images each.
Command: bash tools/dist_train.sh \
    configs/positional_encoding_in_gans/mspie-stylegan2-config-h_c2_8xb3-1100kiters_ffhq-256-512.py 8
"""
_base_ = [
    '../_base_/models/mspie-stylegan2_256-512.py',
    '../_base_/datasets/unconditional_imgs_flip.py',
    '../_base_/metrics/fid-50k-pr-10k_ema.py', '../_base_/default_runtime.py'
]

model = dict(
    generator=dict(
        head_pos_encoding=None,
        head_pos_size=(6, 6),
        interp_head=True,
        no_pad=True,
        interp_pad=4,
        up_after_conv=False))

train_cfg = dict(max_iters=1100002)
default_hooks = dict(checkpoint=dict(save_best='FID-Full-50k/fid'))

dataset = dict(data_root='./data/ffhq/ffhq_imgs/ffhq_512')
train_dataloader = dict(batch_size=3, dataset=dataset)
val_dataloader = dict(batch_size=3, dataset=dataset)
test_dataloader = dict(batch_size=3, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
