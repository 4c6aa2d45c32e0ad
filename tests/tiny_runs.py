"""Small complete training runs for tests: images on disk, config, processes."""
import copy
import os
import signal
import socket
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tiny_features  # noqa: F401  (registers the feature network)
import torch
from families import FAMILIES, RESOLUTION
from mmengine.config import Config
from mmengine.hooks import Hook
from PIL import Image

from mmgen.engine.runner import build_runner


def write_images(root: Path,
                 classes: int = 3,
                 per_class: int = 7,
                 side: int = 32,
                 channels: int = 3) -> Path:
    """Random PNGs, one folder for each class."""
    rng = np.random.default_rng(0)
    for label in range(classes):
        folder = root / f'class_{label}'
        folder.mkdir(parents=True)
        for index in range(per_class):
            shape = (side, side, channels) if channels > 1 else (side, side)
            pixels = rng.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f'{index}.png')
    return root


def tiny_config(data_root: Path,
                work_dir: Path,
                family: str = 'dcgan',
                num_workers: int = 0,
                max_iters: int = 20) -> dict:
    """The config of a complete run: data, validation, checkpoints."""
    model = copy.deepcopy(FAMILIES[family])
    side = RESOLUTION[family]
    pipeline = [
        dict(type='LoadImageFromFile', key='img'),
        dict(type='Resize', scale=(side, side)),
        dict(type='Flip', keys=['img'], flip_ratio=0.5),
        dict(type='PackGenInputs', keys=['img']),
    ]
    dataset = dict(
        type='ImageNet' if 'num_classes' in model else
        'UnconditionalImageDataset',
        data_root=str(data_root),
        pipeline=pipeline)
    loader = dict(
        batch_size=4,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        dataset=dataset)
    evaluator = dict(
        type='GenEvaluator',
        metrics=[
            dict(
                type='FID',
                fake_nums=6,
                feature='TinyFeatures',
                sample_model='ema')
        ])
    return dict(
        default_scope='mmgen',
        work_dir=str(work_dir),
        model=model,
        train_dataloader=dict(
            **loader, sampler=dict(type='InfiniteSampler', shuffle=True)),
        val_dataloader=dict(
            **loader, sampler=dict(type='DefaultSampler', shuffle=False)),
        test_dataloader=dict(
            **loader, sampler=dict(type='DefaultSampler', shuffle=False)),
        train_cfg=dict(
            by_epoch=False, max_iters=max_iters, val_begin=1, val_interval=4),
        val_cfg=dict(type='GenValLoop'),
        test_cfg=dict(type='GenTestLoop'),
        val_evaluator=evaluator,
        test_evaluator=copy.deepcopy(evaluator),
        optim_wrapper=dict(
            constructor='GenOptimWrapperConstructor',
            generator=dict(
                optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999))),
            discriminator=dict(
                accumulative_counts=3,
                optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))),
        param_scheduler=dict(
            type='LinearLrInterval',
            interval=2,
            by_epoch=False,
            start_factor=1e-3,
            end_factor=0,
            begin=5,
            end=18),
        default_hooks=dict(
            timer=dict(type='GenIterTimerHook'),
            logger=dict(
                type='LoggerHook', interval=5, log_metric_by_epoch=False),
            checkpoint=dict(
                type='CheckpointHook', interval=10, by_epoch=False)),
        custom_hooks=[
            dict(
                type='GenVisualizationHook',
                interval=7,
                fixed_input=True,
                n_samples=4,
                n_row=2,
                vis_kwargs_list=dict(type='Noise', name='fake_img'))
        ],
        log_processor=dict(type='GenLogProcessor', by_epoch=False),
        visualizer=dict(
            type='GenVisualizer', vis_backends=[dict(type='GenVisBackend')]),
        env_cfg=dict(dist_cfg=dict(backend='gloo')),
        randomness=dict(seed=2022, diff_rank_seed=True),
        # MMEngine keeps loggers by this name and the second of the start.
        experiment_name=uuid.uuid4().hex,
        launcher='none')


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def in_children(function: Callable[[], None], world_size: int = 1) -> list[int]:
    """Run ``function`` in forked processes; exit codes, negative if killed.

    Forking saves the seconds that importing torch takes. Several processes
    find the environment of ``torchrun``. They need not destroy their process
    group: they end at once, and a group that is gone before a distributed
    wrapper can wait for a thread that waits for Python.
    """
    port = free_port()
    pids = []
    for rank in range(world_size):
        pid = os.fork()
        if pid == 0:
            _run_child(function, rank, world_size, port)
        pids.append(pid)
    codes = []
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        codes.append(os.waitstatus_to_exitcode(status))
    return codes


def _run_child(function: Callable[[], None], rank: int, world_size: int,
               port: int) -> None:
    """The child's whole life."""
    code = 1
    try:
        if world_size > 1:
            os.environ.update(
                RANK=str(rank),
                LOCAL_RANK=str(rank),
                WORLD_SIZE=str(world_size),
                MASTER_ADDR='127.0.0.1',
                MASTER_PORT=str(port))
        function()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class KillAt(Hook):
    """Kill the process after an iteration, as an outage would."""

    priority = 'LOWEST'

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def after_train_iter(self, runner, batch_idx: int, data_batch=None,
                         outputs=None) -> None:
        if runner.iter + 1 == self.iteration:
            os.kill(os.getpid(), signal.SIGKILL)


def train(cfg: dict, world_size: int, kill_at: int | None = None,
          resume: bool = False) -> list[int]:
    """Train in ``world_size`` processes; their exit codes."""
    cfg = Config(cfg)
    cfg.resume = resume
    if world_size > 1:
        cfg.launcher = 'pytorch'

    def run() -> None:
        runner = build_runner(cfg)
        if kill_at is not None:
            runner.register_hook(KillAt(kill_at))
        runner.train()

    return in_children(run, world_size)


def all_tensors(value: object, path: str = '') -> Iterator:
    """Every tensor and number of a checkpoint, by its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from all_tensors(item, f'{path}/{key}')
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from all_tensors(item, f'{path}/{index}')
    else:
        yield path, value


def assert_same(a: dict, b: dict) -> None:
    """Model, average, optimisers and schedules are equal bit by bit."""
    for part in ('state_dict', 'optimizer', 'param_schedulers', 'updates'):
        ours, theirs = dict(all_tensors(a[part])), dict(all_tensors(b[part]))
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(value, theirs[key]), f'{part}{key}'
            else:
                assert value == theirs[key], f'{part}{key}'
