#!/usr/bin/env python
"""Write emoji faces in two styles, Google's as domain A, Twitter's as B.

They come from the npm packages emoji-datasource-google and
emoji-datasource-twitter, whose images are read. Without --google and --twitter
they are downloaded with npm. What is there already is not written again.
"""
import argparse
import json
from pathlib import Path

from image_files import are_complete, check_count, decode, fit, write
from packages import read_npm_files

PACKAGES = dict(
    google='emoji-datasource-google@16.0.0',
    twitter='emoji-datasource-twitter@16.0.0')
SHA256 = dict(
    google='fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438',
    twitter='f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877')
DOMAINS = dict(google='A', twitter='B')
TABLE = 'emoji.json'
SIDE = 64  # of the images in the packages, pixels
COUNT = 110  # in each style
TEST_EVERY = 5  # of the sorted faces the last of each five is for testing
SOURCE_NOTE = f"""\
{COUNT} emoji faces in two styles, composited on white. The same faces are in
both, and one in {TEST_EVERY} is for testing.

trainA and testA are taken from the npm package
{PACKAGES['google']}: Noto emoji by Google, made available
under the Apache licence 2.0.
trainB and testB are taken from the npm package
{PACKAGES['twitter']}: Twemoji by Twitter and other
contributors, made available under the Creative Commons Attribution 4.0
licence. A file's name is the emoji's code points.
"""


def choose(table: bytes) -> list[str]:
    """The code points of the faces that both styles have, sorted."""
    return sorted(
        emoji['image'].removesuffix('.png') for emoji in json.loads(table)
        if emoji['subcategory'].startswith('face-')
        # Masks, ghosts, robots: no faces of one kind.
        and emoji['subcategory'] != 'face-costume'
        and all(emoji[f'has_img_{style}'] for style in PACKAGES))


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', type=Path, default=Path('data/emoji_styles'),
        help='folder to write to; the faces go to OUT/trainA, trainB, testA '
        'and testB')
    for style, package in PACKAGES.items():
        parser.add_argument(
            f'--{style}', type=Path,
            help=f'the .tgz file of {package}, if you have it')
    return parser.parse_args()


def write_style(style: str, given: Path | None, out: Path) -> None:
    """Write the faces of one style."""
    folder = f'img/{style}/{SIDE}'
    files = read_npm_files(
        PACKAGES[style], SHA256[style], given, f'--{style}',
        lambda path: path == TABLE or path.startswith(f'{folder}/'))
    for index, name in enumerate(choose(files[TABLE])):
        is_test = index % TEST_EVERY == TEST_EVERY - 1
        part = ('test' if is_test else 'train') + DOMAINS[style]
        image = decode(files[f'{folder}/{name}.png'])
        write(out / part / f'{name}.png', fit(image, SIDE))


def main() -> None:
    """Write the faces that are missing."""
    args = parse_args()

    def found(domain: str) -> list[Path]:
        return list(args.out.glob(f'*{domain}/*.png'))

    if all(are_complete(found(domain), COUNT, (SIDE, SIDE))
           for domain in DOMAINS.values()):
        print(f'{COUNT} faces in each style are in {args.out} already.')
        return
    for style in PACKAGES:
        write_style(style, getattr(args, style), args.out)
    (args.out / 'SOURCE.txt').write_text(SOURCE_NOTE)
    for domain in DOMAINS.values():
        check_count(args.out, found(domain), COUNT)
    tests = len(list(args.out.glob('testA/*.png')))
    print(f'{COUNT} faces of {SIDE}x{SIDE} in each style, {tests} of them for '
          f'testing, are in {args.out}; {args.out / "SOURCE.txt"} says where '
          'they come from.')


if __name__ == '__main__':
    main()
