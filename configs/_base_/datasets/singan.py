# One image in the sizes of its scales; configs set data_root and max_size.
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=None,
    dataset=dict(
        type='SinGANDataset',
        data_root=None,
        min_size=25,
        max_size=300,
        scale_factor_init=0.75,
        pipeline=[dict(type='PackGenInputs', pack_all=True)]))
