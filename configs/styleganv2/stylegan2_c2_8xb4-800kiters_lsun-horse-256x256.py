"""StyleGAN2 on the horses of LSUN at 256x256.

Paper: Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv:1912.04958.
Data: LSUN horse scaled to 256x256, in the folder named below.
Result: see README.md beside this file.
Cost: 8 GPUs, 800k iterations of 4 images each.
Command: bash tools/dist_train.sh \
    configs/styleganv2/stylegan2_c2_8xb4-800kiters_lsun-horse-256x256.py 8
"""
_base_ = [
    '../_base_/models/stylegan2_256x256.py',
    '../_base_/datasets/unconditional_imgs.py',
    '../_base_/metrics/fid-pr-ppl-50k_ema.py', '../_base_/default_runtime.py'
]

train_cfg = dict(max_iters=800002)
default_hooks = dict(checkpoint=dict(save_best='FID-Full-50k/fid'))

dataset = dict(data_root='./data/lsun-horse')
train_dataloader = dict(batch_size=4, dataset=dataset)
val_dataloader = dict(batch_size=4, dataset=dataset)
test_dataloader = dict(batch_size=4, dataset=dataset)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img'))
]
