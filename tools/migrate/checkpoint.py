#!/usr/bin/env python
"""Turn a checkpoint of MMGeneration 0.x, 1.x or MMagic into one of mmgen.

It takes the pickles of StyleGAN2, StyleGAN2-ADA (of TensorFlow and PyTorch),
StyleGAN3 and R3GAN too.

Prints what became of it. The exit code is 0 if everything was taken over, 3
if a person must look at something, 2 if the file is refused. Files of other
projects are for tools/convert_weights.py. See docs/migration.md.
"""
import argparse
import sys
from pathlib import Path

from mmgen.apis.migration import REFUSED, migrate_checkpoint
from mmgen.utils.command_line import MISTAKES


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('input', type=Path, help='the old checkpoint')
    parser.add_argument('output', type=Path, help='the checkpoint to write')
    parser.add_argument(
        '--config', type=Path,
        help='a config of mmgen, to hold the weights against its model; a '
        'pickle of networks needs it')
    return parser.parse_args()


def main() -> int:
    """Translate, write and report; the exit code."""
    args = parse_args()
    if args.output.resolve() == args.input.resolve():
        print(f'{args.output} is the old checkpoint. Give another file.',
              file=sys.stderr)
        return REFUSED
    try:
        report = migrate_checkpoint(args.input, args.output, args.config)
    except MISTAKES as error:
        print(error, file=sys.stderr)
        return REFUSED
    print(report)
    return report.status


if __name__ == '__main__':
    sys.exit(main())
