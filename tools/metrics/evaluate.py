#!/usr/bin/env python
"""Measure images that any program made.

    python tools/metrics/evaluate.py --fake DIR --real DIR --metrics FID KID PR

Images come from a folder, a .zip, or an .npz with uint8 arr_0 [N, H, W, C];
for FID, the real ones may be a file of statistics instead.
"""
import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

from mmgen.utils.command_line import add_feature_arguments, one_sentence


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--fake', required=True, metavar='DIR|ZIP|NPZ',
        help='the images to measure; all of them are used')
    parser.add_argument(
        '--real', metavar='DIR|ZIP|NPZ|STATS.npz',
        help='what to compare them with; IS and MS_SSIM need none')
    parser.add_argument(
        '--metrics', required=True, nargs='+', metavar='METRIC',
        help='registered names, e.g. FID IS')
    parser.add_argument(
        '--options', nargs='+', action=DictAction, metavar='METRIC.KEY=VALUE',
        help='settings of the metrics, e.g. IS.splits=5 FID.feature.type=CLIP '
        'FID.feature.path=FOLDER')
    parser.add_argument(
        '--out', type=Path, metavar='FILE.json',
        help='write the results with what they are, for compare.py')
    parser.add_argument(
        '--resize', type=int, metavar='PIXELS',
        help='bring all images to this width and height first, with '
        "Pillow's bicubic filter; without it they have to be of one size")
    add_feature_arguments(parser)
    args = parser.parse_args()
    args.metrics = with_options(args.metrics, args.options or {})
    return args


def with_options(names: list[str], options: dict) -> list[dict]:
    """Configs of the metrics; ends the program at an option of no metric."""
    metrics = {name: dict(type=name) for name in names}
    for option, value in options.items():
        name, *path = option.split('.')
        if name not in metrics or not path:
            sys.exit(f'--options {option}={value}: expected METRIC.KEY=VALUE '
                     f'with one of --metrics, {", ".join(names)}.')
        node = metrics[name]
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = value
    return list(metrics.values())


def main() -> None:
    """Measure and print a table."""
    args = parse_args()
    with one_sentence():
        from mmgen.evaluation import measure_images
        from mmgen.evaluation.identity import write_card
        card = measure_images(
            args.fake,
            args.real,
            args.metrics,
            feature=args.feature,
            inception_style=args.inception_style,
            inception_path=args.inception_path,
            resize=args.resize,
            batch_size=args.batch_size,
            num_workers=args.num_workers,
            device=args.device)
        print_table(card['results'])
        if args.out:
            write_card(args.out, card)
            print(f'What these numbers are: {args.out}')


def print_table(results: dict[str, dict]) -> None:
    """A line for each result, with its error and its floor."""
    from rich.console import Console
    from rich.table import Table
    columns = [name for name in ('value', 'standard_error', 'floor')
               if any(name in item for item in results.values())]
    table = Table('result', *(name.replace('_', ' ') for name in columns))
    for key, item in results.items():
        table.add_row(key, *(f'{item[name]:.6g}' if name in item else ''
                             for name in columns))
    Console().print(table)


if __name__ == '__main__':
    main()
