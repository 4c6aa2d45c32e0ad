#!/usr/bin/env python
"""Write pairs of emoji, the outline beside the coloured drawing.

They come from the npm package openmoji, whose drawings are rendered with the
PyPI package resvg-py (pip install resvg-py). Without --package the former is
downloaded with npm. What is there already is not written again.
"""
import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from image_files import are_complete, check_count, decode, write
from packages import read_npm_files

PACKAGE = 'openmoji@17.0.0'
SHA256 = '55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68'
TABLE = 'data/openmoji.json'
COUNT = 605
TEST_EVERY = 10  # of the sorted pairs the last of each ten is for testing
SOURCE_NOTE = f"""\
{COUNT} emoji, on the left the outline, on the right the coloured drawing:
smileys, people, animals and plants, food and drink, without tones of skin.

Rendered from the drawings in the npm package {PACKAGE}. All emojis
designed by OpenMoji, the open-source emoji and icon project
(https://openmoji.org), made available under the Creative Commons
Attribution-ShareAlike 4.0 licence, which holds for these images too. A file's
name is the emoji's code points.
"""

# Whose colours an outline suggests; those of objects and flags it does not.
GROUPS = {'smileys-emotion', 'people-body', 'animals-nature', 'food-drink'}
# Joins code points to emoji that differ in details only.
JOINER = '200D'

# From an SVG file and a side in pixels to a PNG file on white.
Renderer = Callable[[bytes, int], bytes]


def find_renderer() -> Renderer:
    """The renderer of resvg-py; ends the program if there is none."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        sys.exit('The emoji are drawings, rendered with the package '
                 '"resvg-py", which is not installed: pip install resvg-py')
    return lambda drawing, side: svg_to_bytes(
        svg_string=drawing.decode(), width=side, height=side,
        background='white', skip_system_fonts=True)


def choose(table: bytes) -> list[str]:
    """The code points of the emoji to take, sorted."""
    return sorted(
        emoji['hexcode'] for emoji in json.loads(table)
        if emoji['group'] in GROUPS and not emoji['skintone']
        and JOINER not in emoji['hexcode'].split('-'))


def target(index: int, name: str, out: Path) -> Path:
    """The file of a pair, ``out/train/NAME.png`` or ``out/test/NAME.png``."""
    is_test = index % TEST_EVERY == TEST_EVERY - 1
    return out / ('test' if is_test else 'train') / f'{name}.png'


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', type=Path, default=Path('data/openmoji'),
        help='folder to write to; the pairs go to OUT/train/CODE-POINTS.png '
        f'and, one in {TEST_EVERY}, to OUT/test')
    parser.add_argument(
        '--size', type=int, default=64,
        help='side of each of the two images, pixels')
    parser.add_argument(
        '--package', type=Path,
        help=f'the .tgz file of {PACKAGE}, if you have it')
    args = parser.parse_args()
    if args.size < 1:
        parser.error(f'--size {args.size}, expected 1 pixel or more')
    return args


def main() -> None:
    """Write the pairs that are missing."""
    args = parse_args()

    def found() -> list[Path]:
        return list(args.out.glob('*/*.png'))

    if are_complete(found(), COUNT, (args.size, 2 * args.size)):
        print(f'{COUNT} pairs are in {args.out} already.')
        return
    render = find_renderer()
    files = read_npm_files(
        PACKAGE, SHA256, args.package, '--package',
        lambda path: path == TABLE or path.endswith('.svg'))
    for index, name in enumerate(choose(files[TABLE])):
        outline, color = (
            decode(render(files[f'{style}/svg/{name}.svg'], args.size))
            for style in ('black', 'color'))
        pair = np.concatenate([outline, color], axis=1)
        write(target(index, name, args.out), pair[..., :3])
    (args.out / 'SOURCE.txt').write_text(SOURCE_NOTE)
    check_count(args.out, found(), COUNT)
    tests = len(list(args.out.glob('test/*.png')))
    print(f'{COUNT} pairs of {args.size}x{args.size}, {tests} of them for '
          f'testing, are in {args.out}; {args.out / "SOURCE.txt"} says where '
          'they come from.')


if __name__ == '__main__':
    main()
