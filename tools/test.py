#!/usr/bin/env python
"""Evaluate a checkpoint with the metrics of a config."""
import argparse
import json
import sys
import tempfile
from pathlib import Path

from mmgen.utils.command_line import add_run_arguments, parse_run_arguments


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser)
    parser.add_argument('checkpoint', help='file of the checkpoint')
    parser.add_argument('--out', help='write the results to this JSON file')
    return parse_run_arguments(parser)


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
    if args.out:
        check_writable(Path(args.out))
    cfg.load_from, cfg.resume = args.checkpoint, False
    results = build_runner(cfg).test()
    if args.out and is_main_process():
        Path(args.out).write_text(json.dumps(results, indent=2) + '\n')


def check_writable(path: Path) -> None:
    """Make the folder of ``path``; leave if the file could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        sys.exit(f'--out {path} cannot be written: {error}')
    if path.is_dir():
        sys.exit(f'--out {path} is a folder, expected the name of a file.')


if __name__ == '__main__':
    main()
