#!/usr/bin/env python
"""Show a run, or two beside each other, as one HTML page.

    python tools/report.py work_dirs/A
    python tools/report.py work_dirs/A work_dirs/B

The page holds its pictures and scripts and opens without a network. Nothing
of the run is executed or changed.
"""
import argparse
from pathlib import Path

from mmgen.utils.command_line import one_sentence


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='work directory of a run')
    parser.add_argument(
        'other', type=Path, nargs='?', help='that of a run to compare it with')
    parser.add_argument(
        '--out', type=Path, metavar='FILE.html',
        help='file to write; by default report.html in the work directory, or '
        'report_NAME_OF_THE_OTHER.html')
    parser.add_argument(
        '--max-pictures', type=int, default=24,
        help='pictures of each name and run (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    """Write the page and say where it is."""
    args = parse_args()
    from mmgen.engine.hooks.report_hook import write_report
    folders = [args.work_dir] + ([args.other] if args.other else [])
    out = args.out or args.work_dir / (
        f'report_{args.other.resolve().name}.html' if args.other
        else 'report.html')
    with one_sentence():
        write_report(folders, out, args.max_pictures)
    print(f'Report: {out.resolve()}')


if __name__ == '__main__':
    main()
