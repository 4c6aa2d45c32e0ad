# ImageNet-1k at 128x128; in training a square from anywhere along the longer
# edge, mirrored every second time.
_base_ = './imagenet_128x128.py'

train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='LoadImageFromFile', key='img'),
        dict(type='RandomCropLongEdge', keys=['img']),
        dict(type='Resize', scale=(128, 128), backend='pillow'),
        dict(type='Flip', keys=['img'], flip_ratio=0.5),
        dict(type='PackGenInputs')
    ]))
