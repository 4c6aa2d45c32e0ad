#!/usr/bin/env python
"""Write a config for your own images.

Looks at the images and writes a short config that trains a family on them,
with the reason above each setting. See docs/new_config.md.
"""
import argparse
import sys
from pathlib import Path

REFUSED = 2


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--data', type=Path, required=True,
        help='folder, zip file or LMDB of images')
    parser.add_argument(
        '--family', required=True,
        help='stylegan2, biggan, dcgan, ...; a wrong one lists all')
    parser.add_argument(
        '--gpus', type=int, default=1,
        help='GPUs that train (default: %(default)s)')
    parser.add_argument(
        '--cpu', action='store_true',
        help='small networks and a short training, for a CPU')
    parser.add_argument(
        '--labels', default='auto',
        help='auto: folders are classes where they look like it; folder: they '
        'are; none: no classes; or a file with lines "path label" '
        '(default: %(default)s)')
    parser.add_argument(
        '--resolution', type=int,
        help="side of the model's images; by default the largest that they "
        'fill')
    parser.add_argument(
        '--channels', type=int, choices=[1, 3],
        help='1 for grey, 3 for colours; by default as the images are')
    parser.add_argument(
        '--mirror', action='store_true',
        help='mirror images at random: for data in which left and right mean '
        'nothing')
    parser.add_argument(
        '--kimg', type=float,
        help='thousands of images of the training; by default as published')
    parser.add_argument(
        '--batch', type=int,
        help='images of an update, over all GPUs; by default as published')
    parser.add_argument(
        '--metric', choices=['fid', 'fid-efflite0', 'none'],
        help='what is measured; by default fid, with --cpu fid-efflite0, with '
        '--offline as well unless the weights of Inception are in the cache')
    parser.add_argument(
        '--offline', action='store_true', help='nothing can be downloaded')
    parser.add_argument(
        '--out', type=Path,
        help='file to write; by default FAMILY_DATA-SIZE.py in the current '
        'folder')
    parser.add_argument(
        '--force', action='store_true', help='replace the file if it is there')
    return parser.parse_args()


def main() -> int:
    """Write the config and say what is in it; the exit code."""
    args = vars(parse_args())
    from mmgen.apis.new_config import Wish, write_new_config
    out, force = args.pop('out'), args.pop('force')
    wish = Wish(on_cpu=args.pop('cpu'), **args)
    try:
        print(write_new_config(wish, out, force))
    except (OSError, ValueError, ImportError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == '__main__':
    sys.exit(main())
