"""SAGAN on ImageNet at 128x128 with BigGAN's settings.

No augmentation, an average of the generator, plain class embeddings, BigGAN's
epsilons and its batch norm over one process at a time.

Paper: Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318.
Data: ImageNet-1k under data/imagenet, with meta/train.txt.
Result: see README.md beside this file.
Cost: 8 GPUs, 1M iterations of 32 images each.
Command: bash tools/dist_train.sh \
    configs/sagan/sagan_woReLUinplace-Glr1e-4_Dlr4e-4_noaug-ndisc1-8xb32-bigGAN-sch_imagenet1k-128x128.py 8
"""
_base_ = [
    '../_base_/models/sagan_128x128.py',
    '../_base_/datasets/imagenet_128x128.py',
    '../_base_/metrics/fid-is-50k_ema.py', '../_base_/default_runtime.py'
]

init_cfg = dict(type='BigGAN')
model = dict(
    generator=dict(
        with_embedding_spectral_norm=False,
        auto_sync_bn=False,
        norm_eps=1e-5,
        sn_eps=1e-8,
        init_cfg=init_cfg),
    discriminator=dict(sn_eps=1e-8, init_cfg=init_cfg),
    ema_config=dict(interval=1, momentum=0.001, start_iter=2000))

train_cfg = dict(max_iters=1000000, dynamic_intervals=[(800000, 4000)])
default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full-50k/fid', 'IS-50k/is'],
        rule=['less', 'greater']))

optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.0001, betas=(0.0, 0.999))),
    discriminator=dict(
        optimizer=dict(type='Adam', lr=0.0004, betas=(0.0, 0.999))))

custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        vis_kwargs_list=dict(
            type='Noise',
            name='fake_img',
            sample_model='ema/orig',
            target_keys=['ema', 'orig']))
]
