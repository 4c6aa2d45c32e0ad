#!/usr/bin/env python
"""Print a config with everything that its bases say."""
import argparse

from mmengine.config import DictAction

from mmgen.engine.launching import load_config


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='file of the config')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings of the config to change, as key=value; a.b=1 for '
        'nested ones, k="[1,2]" for lists')
    return parser.parse_args()


def main() -> None:
    """Resolve and print."""
    args = parse_args()
    print(load_config(args.config, args.cfg_options).pretty_text)


if __name__ == '__main__':
    main()
