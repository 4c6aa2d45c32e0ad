#!/usr/bin/env python
"""Write 733 emoji of people, heads and shoulders, on white.

They come from the npm package @lobehub/fluent-emoji-3d, whose images are read.
Without --package it is downloaded with npm. What is there already is not
written again.
"""
import argparse
from pathlib import Path

from image_files import are_complete, check_count, decode, fit, write
from packages import read_npm_files

PACKAGE = '@lobehub/fluent-emoji-3d@1.1.0'
SHA256 = 'c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58'
SIDE = 256  # of the images in the package, pixels
COUNT = 733
SOURCE_NOTE = f"""\
733 emoji of people, heads and shoulders, composited on white.

Taken from the npm package {PACKAGE} by LobeHub, which took
them from Fluent Emoji by Microsoft; both are made available under the MIT
licence. A file's name is the emoji's code points.
"""

# Which emoji show a bust, in the groups of the Unicode standard's list. Its
# group "person" has heads without shoulders, and so have Santa Claus, the
# angel and the turbans of the groups below; fairies and merpeople are shown
# at full length, and of the deaf only a part of the face.
ROLES = '''1f46e 1f470 1f472 1f477 1f478 1f482 1f575 1f930 1f931 1f934 1f935
           1f977 1f9d5 1fac3 1fac4 1fac5'''
FANTASY = '1f9b8 1f9b9 1f9cc 1f9d9 1f9db 1f9dd 1f9de 1f9df'
GESTURES = '1f481 1f645 1f646 1f647 1f64b 1f64d 1f64e 1f926 1f937'
BUSTS = set(f'{ROLES} {FANTASY} {GESTURES}'.split())
# A man, a woman or an adult, joined with the sign of an occupation.
ADULTS = {'1f468', '1f469', '1f9d1'}
OCCUPATIONS = {
    '1f33e', '1f373', '1f37c', '1f393', '1f3a4', '1f3a8', '1f3eb', '1f3ed', '1f4bb',
    '1f4bc', '1f527', '1f52c', '1f680', '1f692', '2695', '2696', '2708'}
# What does not change who is shown: the joiner, the choice of the coloured
# form, the signs of women and men, and the five tones of skin.
MODIFIERS = {'200d', 'fe0f', '2640', '2642',
             '1f3fb', '1f3fc', '1f3fd', '1f3fe', '1f3ff'}


def is_bust(name: str) -> bool:
    """Whether the emoji with these code points, ``1f9d1-200d-...``, is one."""
    match [point for point in name.split('-') if point not in MODIFIERS]:
        case [who]:
            return who in BUSTS
        case [who, sign]:
            return who in ADULTS and sign in OCCUPATIONS
    return False


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', type=Path, default=Path('data/emoji'),
        help='folder to write to; the images go to OUT/CODE-POINTS.png')
    parser.add_argument(
        '--size', type=int, default=64,
        help=f'side of the images, 1 to {SIDE} pixels')
    parser.add_argument(
        '--package', type=Path,
        help=f'the .tgz file of {PACKAGE}, if you have it')
    args = parser.parse_args()
    if not 1 <= args.size <= SIDE:
        parser.error(f'--size {args.size} is not within 1 to {SIDE}, the side '
                     'of the images in the package')
    return args


def main() -> None:
    """Write the emoji that are missing."""
    args = parse_args()
    size = (args.size, args.size)
    if are_complete(list(args.out.glob('*.png')), COUNT, size):
        print(f'{COUNT} emoji are in {args.out} already.')
        return
    files = read_npm_files(
        PACKAGE, SHA256, args.package, '--package',
        lambda path: path.endswith('.webp') and is_bust(Path(path).stem))
    for path, packed in files.items():
        image = fit(decode(packed), args.size)
        write(args.out / f'{Path(path).stem}.png', image)
    (args.out / 'SOURCE.txt').write_text(SOURCE_NOTE)
    check_count(args.out, list(args.out.glob('*.png')), COUNT)
    print(f'{COUNT} emoji of {args.size}x{args.size} are in {args.out}; '
          f'{args.out / "SOURCE.txt"} says where they come from.')


if __name__ == '__main__':
    main()
