#!/usr/bin/env python
"""Make a picture of images of a trained model."""
import argparse

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments,
                                      one_sentence)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_sampling_arguments(
        parser, 'work_dirs/demos/unconditional_samples.png')
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
    batches = sampler.batches(
        args.num_samples, args.seed, batch_size=args.num_batches,
        sample_model=args.sample_model, **args.sample_cfg)
    write_picture(args.save_path, collect(batches, args.num_samples),
                  args.nrow)
    print(f'The picture is {args.save_path}.')


if __name__ == '__main__':
    with one_sentence():
        main()
