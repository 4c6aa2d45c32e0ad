#!/usr/bin/env python
"""Write one photograph for SinGAN: a rocket between masts, before the launch.

It comes from the PyPI package scikit-image, of which one file is read: the
package is not imported and need not be installed. Without --wheel it is
downloaded with pip. What is there already is not written again.
"""
import argparse
import tempfile
from pathlib import Path

import cv2
from image_files import are_complete, decode, write
from packages import download_wheel, read_member

PACKAGE = 'scikit-image==0.26.0'
MEMBER = 'skimage/data/rocket.jpg'
SHA256 = 'c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c'
NAME = 'rocket.png'
HEIGHT, WIDTH = 96, 144  # of the picture that is written
SOURCE_NOTE = f"""\
{NAME}: a Falcon 9 before the launch of DSCOVR in 2015, {WIDTH}x{HEIGHT} pixels.

Scaled down from {MEMBER} of the PyPI package
{PACKAGE}. Photograph by SpaceX, released into the public domain.
"""


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', type=Path, default=Path('data/singan'),
        help=f'folder to write to; the photograph becomes OUT/{NAME}')
    parser.add_argument(
        '--wheel', type=Path, help=f'the wheel of {PACKAGE}, if you have it')
    return parser.parse_args()


def main() -> None:
    """Write the photograph if it is missing."""
    args = parse_args()
    path = args.out / NAME
    if are_complete(list(args.out.glob(NAME)), 1, (HEIGHT, WIDTH)):
        print(f'{path} is there already.')
        return
    with tempfile.TemporaryDirectory() as temporary:
        wheel = args.wheel or download_wheel(PACKAGE, Path(temporary))
        photo = decode(read_member(wheel, PACKAGE, MEMBER, SHA256))
    # The mean over the area of each new pixel, which does not alias.
    write(path, cv2.resize(
        photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    (args.out / 'SOURCE.txt').write_text(SOURCE_NOTE)
    print(f'{path} of {WIDTH}x{HEIGHT} is written; '
          f'{args.out / "SOURCE.txt"} says where it comes from.')


if __name__ == '__main__':
    main()
