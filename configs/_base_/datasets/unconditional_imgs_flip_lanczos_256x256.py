# A folder tree of images without classes, scaled to 256x256 and mirrored at
# random. A config sets data_root and batch_size of the three loaders.
pipeline = [
    dict(type='LoadImageFromFile', key='img'),
    dict(
        type='Resize',
        scale=(256, 256),
        interpolation='lanczos',
        backend='pillow'),
    dict(type='Flip', keys=['img'], direction='horizontal'),
    dict(type='PackGenInputs', meta_keys=[])
]
dataset = dict(
    type='UnconditionalImageDataset', data_root=None, pipeline=pipeline)

train_dataloader = dict(
    batch_size=None,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dataset)

# The real images that the metrics compare with.
val_dataloader = dict(
    batch_size=None,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dataset)
test_dataloader = val_dataloader
