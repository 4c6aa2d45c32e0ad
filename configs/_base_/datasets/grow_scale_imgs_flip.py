# Folders of images without classes in several sizes, mirrored at random, for
# networks that grow; the batch of a process gets smaller as they do. A config
# sets data_roots, and data_root of the other two loaders.
pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(type='Flip', keys=['img'], direction='horizontal'),
    dict(type='PackGenInputs', meta_keys=[])
]

train_dataloader = dict(
    # Before the networks have said their side.
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='GrowScaleImgDataset',
        data_roots={},
        gpu_samples_base=4,
        gpu_samples_per_scale={
            '4': 64,
            '8': 32,
            '16': 16,
            '32': 8,
            '64': 4
        },
        pipeline=pipeline))

# The real images that the metrics compare with.
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='UnconditionalImageDataset',
        data_root=None,
        pipeline=[
            dict(type='LoadImageFromFile', key='img'),
            dict(type='PackGenInputs', meta_keys=[])
        ]))
test_dataloader = val_dataloader
