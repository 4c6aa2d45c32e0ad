# 5000 MNIST digits, 28x28 with a black border to 32x32, one folder a class;
# tools/dataset/prepare_mnist.py writes them.
pipeline = [
    dict(type='LoadImageFromFile', key='img', flag='grayscale'),
    dict(type='PackGenInputs')
]
dataset = dict(
    type='ImageNet',
    data_root='data/mnist',
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
