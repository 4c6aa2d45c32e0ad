# Photographs of facades beside their label maps.
domain_a = 'photo'
domain_b = 'mask'
images = ['img_photo', 'img_mask']

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='PairedImageDataset',
        data_root='data/pix2pix/facades',
        pipeline=[
            dict(
                type='LoadPairedImageFromFile',
                key='pair',
                domain_a=domain_a,
                domain_b=domain_b),
            dict(
                type='TransformBroadcaster',
                mapping=dict(img=images),
                auto_remap=True,
                share_random_params=True,
                transforms=[
                    dict(
                        type='Resize',
                        scale=(286, 286),
                        interpolation='bicubic'),
                    dict(type='FixedCrop', crop_size=(256, 256))
                ]),
            dict(type='Flip', keys=images, direction='horizontal'),
            dict(type='PackGenInputs', keys=images, meta_keys=['pair_path'])
        ]))

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairedImageDataset',
        data_root='data/pix2pix/facades',
        test_mode=True,
        pipeline=[
            dict(
                type='LoadPairedImageFromFile',
                key='pair',
                domain_a=domain_a,
                domain_b=domain_b),
            dict(
                type='TransformBroadcaster',
                mapping=dict(img=images),
                auto_remap=True,
                share_random_params=True,
                transforms=dict(
                    type='Resize',
                    scale=(256, 256),
                    interpolation='bicubic')),
            dict(type='PackGenInputs', keys=images, meta_keys=['pair_path'])
        ]))
test_dataloader = val_dataloader

# All 106 images for testing.
metrics = [
    dict(
        type='TransIS',
        prefix='IS-Full',
        fake_nums=106,
        inception_style='PyTorch'),
    dict(
        type='TransFID',
        prefix='FID-Full',
        fake_nums=106,
        inception_style='PyTorch')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
