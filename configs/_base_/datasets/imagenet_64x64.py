# ImageNet-1k's training images, the largest centred square scaled to 64x64.
# meta/train.txt has one line for each image: path under train/, class index.
dataset = dict(
    type='ImageNet',
    data_root='data/imagenet',
    ann_file='meta/train.txt',
    data_prefix='train',
    pipeline=[
        dict(type='LoadImageFromFile', key='img'),
        dict(type='CenterCropLongEdge', keys=['img']),
        dict(type='Resize', scale=(64, 64), backend='pillow'),
        dict(type='PackGenInputs')
    ])

train_dataloader = dict(
    batch_size=8,
    num_workers=5,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dataset)

# The real images that the metrics compare with.
val_dataloader = dict(
    batch_size=64,
    num_workers=5,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dataset)
test_dataloader = val_dataloader
