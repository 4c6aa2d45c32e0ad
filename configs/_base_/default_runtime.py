# What every run shares: loops, hooks, logs, seed. Lengths and intervals that a
# config wants otherwise are set there.
default_scope = 'mmgen'

# max_iters is set by each config; one iteration reads one batch.
train_cfg = dict(by_epoch=False, val_begin=1, val_interval=10000)
val_cfg = dict(type='GenValLoop')
test_cfg = dict(type='GenTestLoop')

default_hooks = dict(
    timer=dict(type='GenIterTimerHook'),
    logger=dict(type='LoggerHook', interval=100, log_metric_by_epoch=False),
    checkpoint=dict(
        type='CheckpointHook',
        interval=10000,
        by_epoch=False,
        save_optimizer=True,
        less_keys=['FID-Full-50k/fid'],
        greater_keys=['IS-50k/is']))

log_level = 'INFO'
log_processor = dict(type='GenLogProcessor', by_epoch=False)
vis_backends = [dict(type='GenVisBackend')]
visualizer = dict(type='GenVisualizer', vis_backends=vis_backends)

# diff_rank_seed: each process draws its own noise.
randomness = dict(seed=2022, diff_rank_seed=True)

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Without CUDA gloo takes the place of nccl.
    dist_cfg=dict(backend='nccl'))

# Each network is wrapped on its own: they are updated in turns.
model_wrapper_cfg = dict(
    type='MMSeparateDistributedDataParallel',
    broadcast_buffers=False,
    find_unused_parameters=False)

# A checkpoint to start from, or with resume=True to go on from.
load_from = None
resume = False
