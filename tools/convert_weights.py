#!/usr/bin/env python
"""Turn the weights that another project published into a checkpoint.

See docs/converting_weights.md.
"""
import argparse
from pathlib import Path

from mmgen.apis.conversion import SOURCES, convert_weights
from mmgen.utils.command_line import one_sentence

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--from', dest='source', choices=SOURCES, required=True,
        help='the project that the file comes from')
    parser.add_argument('input', type=Path, help='its file')
    parser.add_argument('output', type=Path, help='the checkpoint to write')
    parser.add_argument(
        '--config', type=Path,
        help='the config of the model; by default the first one that '
        'docs/converting_weights.md names')
    parser.add_argument(
        '--truncation', type=float,
        help='for huggingface-biggan-deep: whose statistics to take, from 0 '
        'to 1 in steps of 0.02; by default 1')
    return parser.parse_args()


def main() -> None:
    """Convert and say what it was."""
    args = parse_args()
    network = convert_weights(
        args.source,
        args.input,
        args.output,
        args.config or CONFIGS / SOURCES[args.source].config,
        truncation=args.truncation)
    print(f'{args.output}: the {network} of {args.input}')


if __name__ == '__main__':
    with one_sentence():
        main()
