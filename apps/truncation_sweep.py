#!/usr/bin/env python
"""The same images with more and less truncation, a column each."""
import argparse

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments,
                                      one_sentence)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_sampling_arguments(parser, 'work_dirs/demos/truncation.png', 4)
    parser.add_argument(
        '--truncation', type=float, nargs='+',
        default=[0.25, 0.5, 0.75, 1.0],
        help='values (default: 0.25 0.5 0.75 1)')
    parser.add_argument(
        '--label', type=int, help='class of all images; by default drawn')
    return parser.parse_args()


def main() -> None:
    """Sample with each value and write."""
    args = parse_args()
    from mmgen.apis import load
    from mmgen.apis.pictures import collect, write_picture
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    columns = [
        collect(sampler.batches(
            args.num_samples, args.seed, args.label, value, args.num_batches,
            args.sample_model, **args.sample_cfg), args.num_samples,
            f'truncation {value:g}') for value in args.truncation
    ]
    write_picture(args.save_path,
                  [picture for row in zip(*columns) for picture in row],
                  len(columns))
    print(f'The picture is {args.save_path}.')


if __name__ == '__main__':
    with one_sentence():
        main()
