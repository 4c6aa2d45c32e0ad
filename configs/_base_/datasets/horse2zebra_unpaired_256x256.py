# Horses and zebras.
domain_a = 'horse'
domain_b = 'zebra'
images = ['img_horse', 'img_zebra']
image_paths = ['img_horse_path', 'img_zebra_path']

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='UnpairedImageDataset',
        data_root='data/cyclegan/horse2zebra',
        domain_a=domain_a,
        domain_b=domain_b,
        pipeline=[
            dict(type='LoadImageFromFile', key='img_horse'),
            dict(type='LoadImageFromFile', key='img_zebra'),
            dict(
                type='TransformBroadcaster',
                mapping=dict(img=images),
                auto_remap=True,
                transforms=dict(
                    type='Resize',
                    scale=(286, 286),
                    interpolation='bicubic')),
            dict(
                type='Crop',
                keys=images,
                crop_size=(256, 256),
                random_crop=True),
            dict(type='Flip', keys=['img_horse'], direction='horizontal'),
            dict(type='Flip', keys=['img_zebra'], direction='horizontal'),
            dict(type='PackGenInputs', keys=images, meta_keys=image_paths)
        ]))

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='UnpairedImageDataset',
        data_root='data/cyclegan/horse2zebra',
        domain_a=domain_a,
        domain_b=domain_b,
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile', key='img_horse'),
            dict(type='LoadImageFromFile', key='img_zebra'),
            dict(
                type='TransformBroadcaster',
                mapping=dict(img=images),
                auto_remap=True,
                transforms=dict(
                    type='Resize',
                    scale=(256, 256),
                    interpolation='bicubic')),
            dict(type='PackGenInputs', keys=images, meta_keys=image_paths)
        ]))
test_dataloader = val_dataloader

# As many as there are zebras for testing; 20 of the 120 horses come twice.
metrics = [
    dict(
        type='TransIS',
        prefix='IS-Full',
        fake_nums=140,
        inception_style='PyTorch'),
    dict(
        type='TransFID',
        prefix='FID-Full',
        fake_nums=140,
        inception_style='PyTorch')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
