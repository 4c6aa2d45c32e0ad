#!/usr/bin/env python
"""Make a picture of images of given classes, of a trained model."""
import argparse
import sys

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments,
                                      one_sentence)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_sampling_arguments(parser, 'work_dirs/demos/conditional_samples.png')
    parser.add_argument(
        '--label', type=int, nargs='+',
        help='a class for all pictures, or several, each with '
        '--samples-per-classes pictures; by default classes are drawn')
    parser.add_argument(
        '--samples-per-classes', type=int, default=5,
        help='pictures of each of several classes (default: %(default)s)')
    parser.add_argument(
        '--sample-all-classes', action='store_true',
        help='make pictures of all classes')
    parser.add_argument(
        '--nrow', type=int, default=6,
        help='pictures in a row (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    """Sample and write."""
    args = parse_args()
    from mmgen.apis import load
    from mmgen.apis.pictures import collect, write_picture
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    num_classes = getattr(sampler.model, 'num_classes', 0)
    if not num_classes:
        sys.exit('This model has no classes: use unconditional_demo.py.')
    labels, count = classes(args, num_classes)
    batches = sampler.batches(
        count, args.seed, labels, batch_size=args.num_batches,
        sample_model=args.sample_model, **args.sample_cfg)
    write_picture(args.save_path, collect(batches, count), args.nrow)
    print(f'The picture is {args.save_path}.')


def classes(args: argparse.Namespace,
            num_classes: int) -> tuple[int | list[int] | None, int]:
    """The class of each picture, and how many pictures there are."""
    wanted = list(range(num_classes)) if args.sample_all_classes \
        else args.label
    if wanted is None:
        return None, args.num_samples
    if len(wanted) == 1:
        return wanted[0], args.num_samples
    labels = [label for label in wanted
              for _ in range(args.samples_per_classes)]
    return labels, len(labels)


if __name__ == '__main__':
    with one_sentence():
        main()
