# Edges beside photographs of shoes; neither moved nor mirrored.
domain_a = 'edges'
domain_b = 'photo'
images = ['img_edges', 'img_photo']

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='PairedImageDataset',
        data_root='data/pix2pix/edges2shoes',
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

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairedImageDataset',
        data_root='data/pix2pix/edges2shoes',
        test_mode=True,
        testdir='val',
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

# All 200 images for testing.
metrics = [
    dict(
        type='TransIS',
        prefix='IS-Full',
        fake_nums=200,
        inception_style='PyTorch'),
    dict(
        type='TransFID',
        prefix='FID-Full',
        fake_nums=200,
        inception_style='PyTorch')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
