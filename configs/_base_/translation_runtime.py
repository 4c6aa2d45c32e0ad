# What every run of image translation shares beside default_runtime: the best
# checkpoints and the pictures.
_base_ = './default_runtime.py'

default_hooks = dict(
    checkpoint=dict(
        save_best=['FID-Full/fid', 'IS-Full/is'],
        less_keys=['FID-Full/fid'],
        greater_keys=['IS-Full/is']))

# The source and its translation; with pairs the true target beside them.
custom_hooks = [
    dict(
        type='GenVisualizationHook',
        interval=5000,
        fixed_input=True,
        n_samples=16,
        n_row=2,
        vis_kwargs_list=[
            dict(type='Translation', name='trans'),
            dict(type='TranslationVal', name='trans_val')
        ])
]
