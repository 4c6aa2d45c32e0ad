#!/usr/bin/env python
"""Compare two files of results, and refuse what does not compare.

The files are identity cards: what tools/metrics/evaluate.py --out writes, and
what evaluations of a config write into metrics_identity/ beside the log.
"""
import argparse
import json
import sys
from pathlib import Path

from mmgen.utils.command_line import one_sentence


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('first', type=Path, help='an identity card')
    parser.add_argument('second', type=Path, help='another one')
    return parser.parse_args()


def main() -> None:
    """Print the numbers of both beside each other."""
    args = parse_args()
    first, second = read_card(args.first), read_card(args.second)
    with one_sentence():
        from rich.console import Console
        from rich.table import Table

        from mmgen.evaluation import compare_results, difference_errors
        differences = compare_results(first, second)
        errors = difference_errors(first, second)
    table = Table('result', str(args.first), str(args.second), 'difference')
    if errors:
        table.add_column('standard error')
    for key, difference in differences.items():
        values = (card['results'][key]['value'] for card in (first, second))
        error = [f'{errors[key]:.2g}'] if key in errors else []
        table.add_row(key, *(f'{value:.6g}' for value in values),
                      f'{difference:+.6g}', *error)
    Console().print(table)


def read_card(path: Path) -> dict:
    """A file's content; ends the program where there is no JSON object."""
    try:
        card = json.loads(path.read_text())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        sys.exit(f'{path}: not an identity card: {error}.')
    if not isinstance(card, dict):
        sys.exit(f'{path}: not an identity card, it holds no JSON object.')
    return card


if __name__ == '__main__':
    main()
