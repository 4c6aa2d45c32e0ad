#!/usr/bin/env python
"""Print a config with everything that its bases say."""
import argparse

from mmgen.engine.launching import load_config
from mmgen.utils.command_line import add_config_arguments


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    return parser.parse_args()


def main() -> None:
    """Resolve and print."""
    args = parse_args()
    print(load_config(args.config, args.cfg_options).pretty_text)


if __name__ == '__main__':
    main()
