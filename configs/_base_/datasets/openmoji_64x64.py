# 605 emoji at 64x64, the outline beside the coloured drawing, 60 of them for
# testing; tools/dataset/prepare_openmoji.py writes them.
domain_a = 'outline'
domain_b = 'color'
images = ['img_outline', 'img_color']

# Both images of a pair are moved by up to 4 pixels, and mirrored, together.
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='PairedImageDataset',
        data_root='data/openmoji',
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
                transforms=[
                    dict(
                        type='NumpyPad',
                        padding=((4, 4), (4, 4), (0, 0)),
                        constant_values=255),
                    dict(type='FixedCrop', crop_size=(64, 64))
                ]),
            dict(type='Flip', keys=images, direction='horizontal'),
            dict(type='PackGenInputs', keys=images, meta_keys=['pair_path'])
        ]))

# What is translated for the metrics and the pictures, and compared with.
val_dataloader = dict(
    batch_size=20,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairedImageDataset',
        data_root='data/openmoji',
        test_mode=True,
        pipeline=[
            dict(
                type='LoadPairedImageFromFile',
                key='pair',
                domain_a=domain_a,
                domain_b=domain_b),
            dict(type='PackGenInputs', keys=images, meta_keys=['pair_path'])
        ]))
test_dataloader = val_dataloader
