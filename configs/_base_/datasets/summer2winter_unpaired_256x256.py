# Yosemite in summer and in winter.
domain_a = 'summer'
domain_b = 'winter'
images = ['img_summer', 'img_winter']
image_paths = ['img_summer_path', 'img_winter_path']

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='UnpairedImageDataset',
        data_root='data/cyclegan/summer2winter_yosemite',
        domain_a=domain_a,
        domain_b=domain_b,
        pipeline=[
            dict(type='LoadImageFromFile', key='img_summer'),
            dict(type='LoadImageFromFile', key='img_winter'),
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
            dict(type='Flip', keys=['img_summer'], direction='horizontal'),
            dict(type='Flip', keys=['img_winter'], direction='horizontal'),
            dict(type='PackGenInputs', keys=images, meta_keys=image_paths)
        ]))

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='UnpairedImageDataset',
        data_root='data/cyclegan/summer2winter_yosemite',
        domain_a=domain_a,
        domain_b=domain_b,
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile', key='img_summer'),
            dict(type='LoadImageFromFile', key='img_winter'),
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

# As many as there are winters for testing; of the 309 summers, spread evenly.
metrics = [
    dict(
        type='TransIS',
        prefix='IS-Full',
        fake_nums=238,
        inception_style='PyTorch'),
    dict(
        type='TransFID',
        prefix='FID-Full',
        fake_nums=238,
        inception_style='PyTorch')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
