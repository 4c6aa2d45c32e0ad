"""StyleGAN on FFHQ at 256x256.

Paper: Karras, Laine and Aila 2018, arXiv:1812.04948.
Data: FFHQ in three sizes, in the folders named below.
Result: see README.md beside this file.
Cost: 8 GPUs, 670k iterations; the batch of each falls from 32 to 4 images.
Command: bash tools/dist_train.sh \
    configs/styleganv1/styleganv1_ffhq-256x256_8xb4-25Mimgs.py 8
"""
_base_ = [
    '../_base_/models/styleganv1_256x256.py',
    '../_base_/datasets/grow_scale_imgs_flip.py',
    '../_base_/metrics/fid-pr-50k_ema.py', '../_base_/default_runtime.py'
]

# Layers that are not in use yet have no gradients.
model_wrapper_cfg = dict(find_unused_parameters=True)

train_cfg = dict(max_iters=670000)
default_hooks = dict(checkpoint=dict(save_best='FID-Full-50k/fid'))

train_dataloader = dict(
    dataset=dict(
        data_roots={
            '64': './data/ffhq/ffhq_imgs/ffhq_64',
            '256': './data/ffhq/ffhq_imgs/ffhq_256',
            '1024': './data/ffhq/images'
        }))
real_images = dict(data_root='./data/ffhq/ffhq_imgs/ffhq_256')
val_dataloader = dict(dataset=real_images)
test_dataloader = dict(dataset=real_images)

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(type='GAN', name='fake_img')),
    dict(type='PGGANFetchDataHook')
]
