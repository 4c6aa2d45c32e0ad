#!/usr/bin/env python
"""Train the model that a config describes."""
import argparse
import sys

from mmgen.utils.command_line import add_run_arguments, parse_run_arguments


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser)
    parser.add_argument(
        '--amp',
        nargs='?',
        const='auto',
        choices=['auto', 'float16', 'bfloat16'],
        help='automatic mixed precision; by default float16 on a GPU and '
        'bfloat16 on a CPU')
    parser.add_argument(
        '--compile',
        action='store_true',
        help='compile the networks with torch.compile: minutes at the start, '
        'faster iterations afterwards')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from this checkpoint, by default from the newest whole '
        'one in the work directory')
    return parse_run_arguments(parser)


def main() -> None:
    """Build the runner and train."""
    args = parse_args()
    from mmgen.engine.amp import convert_to_amp
    from mmgen.engine.launching import launch_config
    from mmgen.engine.runner import build_runner
    cfg = launch_config(
        args.config,
        work_dir=args.work_dir,
        launcher=args.launcher,
        options=args.cfg_options,
        trust_checkpoint=args.trust_checkpoint)
    if cfg.get('train_cfg') is None:
        sys.exit(f'{args.config} has no train_cfg: it describes a model for '
                 'testing only. Use tools/test.py.')
    if args.amp:
        dtype = None if args.amp == 'auto' else args.amp
        cfg.optim_wrapper = convert_to_amp(cfg.optim_wrapper, dtype)
    if args.compile:
        cfg.compile = cfg.get('compile') or True
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    build_runner(cfg).train()


if __name__ == '__main__':
    main()
