#!/usr/bin/env python
"""Evaluate a checkpoint with the metrics of a config."""
import argparse
import json
import os
import sys
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """The command line."""
    from mmengine.config import DictAction
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='file of the config')
    parser.add_argument('checkpoint', help='file of the checkpoint')
    parser.add_argument(
        '--work-dir',
        help='where logs and pictures go; by default '
        'work_dirs/NAME_OF_THE_CONFIG')
    parser.add_argument('--out', help='write the results to this JSON file')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings of the config to change, as key=value')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load a checkpoint that holds more than tensors and plain '
        'values; it may run any code')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def main() -> None:
    """Build the runner and test."""
    args = parse_args()
    from mmengine.dist import is_main_process

    from mmgen.engine.launching import launch_config
    from mmgen.engine.runner import build_runner
    cfg = launch_config(
        args.config,
        work_dir=args.work_dir,
        launcher=args.launcher,
        options=args.cfg_options,
        trust_checkpoint=args.trust_checkpoint)
    if cfg.get('test_evaluator') is None:
        sys.exit(f'{args.config} has no test_evaluator: there is nothing to '
                 'measure. Add one with the metrics you want.')
    if not Path(args.checkpoint).is_file():
        sys.exit(f'There is no checkpoint {args.checkpoint}.')
    cfg.load_from, cfg.resume = args.checkpoint, False
    results = build_runner(cfg).test()
    if args.out and is_main_process():
        Path(args.out).write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
