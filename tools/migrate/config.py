#!/usr/bin/env python
"""Turn a config of MMGeneration 0.x or 1.x into one of mmgen.

Prints what became of each setting. The exit code is 0 if everything was
translated, 3 if a person must look at something, 2 if the config is refused.
See docs/migration.md.
"""
import argparse
import sys
from pathlib import Path

from mmgen.apis.migration import REFUSED, migrate_config
from mmgen.utils.command_line import MISTAKES


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', type=Path, help='the old config')
    parser.add_argument(
        '-o', '--output', type=Path,
        help='the new config; by default it is printed, and the report goes '
        'to the error output')
    return parser.parse_args()


def main() -> int:
    """Translate, write and report; the exit code."""
    args = parse_args()
    if args.output and args.output.resolve() == args.config.resolve():
        print(f'{args.output} is the old config. Give another file with -o.',
              file=sys.stderr)
        return REFUSED
    try:
        text, report = migrate_config(args.config)
        if args.output is not None:
            args.output.parent.mkdir(parents=True, exist_ok=True)
            args.output.write_text(text)
    except MISTAKES as error:
        print(error, file=sys.stderr)
        return REFUSED
    if args.output is None:
        print(text, end='')
        print(report, file=sys.stderr)
    else:
        print(report)
    return report.status


if __name__ == '__main__':
    sys.exit(main())
