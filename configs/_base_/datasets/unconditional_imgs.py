# A folder tree of images without classes at their own size. A config sets
# data_root and batch_size of the three loaders.
dataset = dict(
    type='UnconditionalImageDataset',
    data_root=None,
    pipeline=[
        dict(type='LoadImageFromFile', key='img'),
        dict(type='PackGenInputs', keys=['img'], meta_keys=['img_path'])
    ])

train_dataloader = dict(
    batch_size=None,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dataset)

# The real images that the metrics compare with.
val_dataloader = dict(
    batch_size=None,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dataset)
test_dataloader = val_dataloader
