#!/usr/bin/env python
"""Make images of one size out of a folder of pictures, and say what is in it.

Pictures of any size and kind become square PNG files; with --check nothing is
written. Stopped and started again it goes on where it was. See
docs/own_images.md.
"""
import argparse
import json
import os
import sys
from pathlib import Path

from mmgen.utils.command_line import one_sentence

EXIT_INTERRUPTED = 130  # what a shell says of Ctrl-C


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'input', metavar='IN', type=Path,
        help='folder of pictures, searched at any depth, or a .zip file')
    parser.add_argument(
        'out', metavar='OUT', type=Path, nargs='?',
        help='folder to write to; empty, not there, or of a run that was '
        'stopped')
    parser.add_argument(
        '--check', action='store_true', help='only report, write no image')
    parser.add_argument(
        '--report', metavar='FILE', type=Path,
        help='with --check: write the whole report to this file, as JSON')
    parser.add_argument(
        '--resolution', type=int,
        help='side of the images, pixels; smaller pictures are left out')
    parser.add_argument(
        '--upscale', action='store_true', help='enlarge smaller pictures')
    parser.add_argument(
        '--crop', choices=['centre', 'none'], default='centre',
        help='cut the largest square in the middle, or distort what is not '
        'square (default: %(default)s)')
    parser.add_argument(
        '--channels', choices=['rgb', 'grey'], default='rgb',
        help='colours of the images (default: %(default)s)')
    parser.add_argument(
        '--alpha', choices=['white', 'black', 'grey', 'skip'],
        default='white',
        help='what stands behind clear pixels; skip leaves such pictures out '
        '(default: %(default)s)')
    parser.add_argument(
        '--labels', choices=['folder', 'csv', 'json'],
        help='where classes come from: the first folder, lines FILE,LABEL, '
        'or [["FILE", LABEL], ...]; by default there are none')
    parser.add_argument(
        '--labels-file', metavar='FILE', type=Path,
        help='the file of --labels csv or json (default: labels.csv or '
        'dataset.json in IN)')
    parser.add_argument(
        '--drop-duplicates', choices=['exact', 'near'], nargs='?',
        const='exact',
        help='leave out files that are there twice (exact), or also pictures '
        'that look the same (near)')
    parser.add_argument(
        '--format', choices=['folder', 'zip', 'lmdb'], default='folder',
        help='what is written (default: %(default)s)')
    parser.add_argument(
        '--workers', type=int, default=len(os.sched_getaffinity(0)),
        help='processes (default: one for each core, %(default)s)')
    args = parser.parse_args()
    complain_about(args, parser)
    return args


def complain_about(args: argparse.Namespace,
                   parser: argparse.ArgumentParser) -> None:
    """End the program where options do not go together."""
    if args.check and args.out:
        parser.error('--check writes nothing: leave out OUT')
    if not args.check and (args.out is None or args.resolution is None):
        parser.error('OUT and --resolution are needed, or --check')
    if args.report and not args.check:
        parser.error('--report goes with --check; without it the report is '
                     'OUT/report.json')
    if args.report and not args.report.resolve().parent.is_dir():
        parser.error(f'--report {args.report}: there is no such folder')
    if args.labels_file and args.labels not in ('csv', 'json'):
        parser.error('--labels-file goes with --labels csv or json')
    if args.workers < 1:
        parser.error(f'--workers {args.workers}, expected 1 or more')


def main() -> None:
    """Prepare or check, and print the report."""
    args = parse_args()
    try:
        run(args)
    except KeyboardInterrupt:
        print('Stopped. The same command goes on from here.',
              file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def run(args: argparse.Namespace) -> None:
    """Do what the command line says."""
    from mmgen.datasets.preparing import (Settings, check, prepare,
                                          print_report)
    with one_sentence():
        settings = Settings(
            args.resolution, args.crop, args.channels, args.alpha,
            args.upscale, args.labels, args.drop_duplicates, args.format)
        if args.check:
            report = check(args.input, settings, args.workers,
                           args.labels_file)
        else:
            report = prepare(args.input, args.out, settings, args.workers,
                             args.labels_file)
        print_report(report, settings, args.out)
        if args.report:
            args.report.write_text(json.dumps(report, indent=1))


if __name__ == '__main__':
    main()
