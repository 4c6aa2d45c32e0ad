# 110 emoji faces at 64x64 in Google's and Twitter's style, 22 of each for
# testing, mirrored at random in training; tools/dataset/prepare_emoji_styles.py
# writes them.
domain_a = 'google'
domain_b = 'twitter'
images = ['img_google', 'img_twitter']
image_paths = ['img_google_path', 'img_twitter_path']

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='UnpairedImageDataset',
        data_root='data/emoji_styles',
        domain_a=domain_a,
        domain_b=domain_b,
        pipeline=[
            dict(type='LoadImageFromFile', key='img_google'),
            dict(type='LoadImageFromFile', key='img_twitter'),
            dict(type='Flip', keys=['img_google'], direction='horizontal'),
            dict(type='Flip', keys=['img_twitter'], direction='horizontal'),
            dict(type='PackGenInputs', keys=images, meta_keys=image_paths)
        ]))

# What is translated for the metrics and the pictures, and compared with.
val_dataloader = dict(
    batch_size=11,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='UnpairedImageDataset',
        data_root='data/emoji_styles',
        domain_a=domain_a,
        domain_b=domain_b,
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile', key='img_google'),
            dict(type='LoadImageFromFile', key='img_twitter'),
            dict(type='PackGenInputs', keys=images, meta_keys=image_paths)
        ]))
test_dataloader = val_dataloader
