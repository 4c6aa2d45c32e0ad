#!/usr/bin/env python
"""Go from image to image through the latents of a trained model."""
import argparse
import sys

from mmgen.utils.command_line import (add_interpolation_arguments,
                                      add_model_arguments)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_interpolation_arguments(parser)
    return parser.parse_args()


def main() -> None:
    """Interpolate, render and write."""
    args = parse_args()
    from mmgen.apis import load
    from mmgen.apis.interpolation import path, write_frames
    from mmgen.apis.pictures import collect
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    if getattr(sampler.model, 'num_classes', 0):
        sys.exit('This model has classes: use conditional_interpolate.py.')
    ends, options = sampler.noise(args.endpoint, args.seed), {}
    if args.space == 'w':
        ends = sampler.styles(ends, sample_model=args.sample_model)
        options = dict(input_is_latent=True)
    latents = path(ends, args.interval, args.interp_mode, args.show_mode)
    frames = collect(sampler.render(
        latents, seed=args.seed, batch_size=args.batch_size,
        sample_model=args.sample_model, **options, **args.sample_cfg),
        len(latents))
    file = write_frames(args.samples_path, 'interpolation', frames,
                        args.interval, args.export_video)
    print(f'The frames are in {file}.')


if __name__ == '__main__':
    main()
