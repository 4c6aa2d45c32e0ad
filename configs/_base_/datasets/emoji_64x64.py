# 733 emoji of people at 64x64, without classes, mirrored at random in training;
# tools/dataset/prepare_emoji.py writes them.
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='UnconditionalImageDataset',
        data_root='data/emoji',
        pipeline=[
            dict(type='LoadImageFromFile', key='img'),
            dict(type='Flip', keys=['img'], direction='horizontal'),
            dict(type='PackGenInputs', keys=['img'], meta_keys=['img_path'])
        ]))

# The real images that the metrics compare with.
val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='UnconditionalImageDataset',
        data_root='data/emoji',
        pipeline=[
            dict(type='LoadImageFromFile', key='img'),
            dict(type='PackGenInputs', keys=['img'], meta_keys=['img_path'])
        ]))
test_dataloader = val_dataloader
