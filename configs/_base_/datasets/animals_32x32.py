# 10000 animal silhouettes, 28x28 with a black border to 32x32, one folder for
# each of ten animals; tools/dataset/prepare_animals.py writes them.
pipeline = [
    dict(type='LoadImageFromFile', key='img', flag='grayscale'),
    dict(type='PackGenInputs')
]
dataset = dict(
    type='ImageNet',
    data_root='data/animals',
    data_prefix='train',
    pipeline=pipeline)

train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dataset)

# The real images that the metrics compare with.
val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dataset)
test_dataloader = val_dataloader
