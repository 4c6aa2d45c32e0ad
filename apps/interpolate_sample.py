#!/usr/bin/env python
"""Go from image to image through the latents of a trained model."""
import argparse
import sys

from mmgen.utils.command_line import (add_interpolation_arguments,
                                      add_model_arguments,
                                      one_sentence)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_interpolation_arguments(parser)
    parser.add_argument(
        '--proj-latent', metavar='FILE',
        help='go through the images of this projected.npz of '
        'stylegan_projector.py; --endpoint and --space say nothing then')
    return parser.parse_args()


def main() -> None:
    """Interpolate, render and write."""
    args = parse_args()
    from mmgen.apis import load
    from mmgen.apis.interpolation import noise_path, path, write_frames
    from mmgen.apis.pictures import collect
    from mmgen.apis.projection import read_projection
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    noises = []
    if args.proj_latent is not None:
        ends, noises = read_projection(args.proj_latent)
        args.space = 'w'
    elif getattr(sampler.model, 'num_classes', 0):
        sys.exit('This model has classes: use conditional_interpolate.py.')
    else:
        ends = sampler.noise(args.endpoint, args.seed)
        if args.space == 'w':
            ends = sampler.styles(ends, sample_model=args.sample_model)
    device = next(sampler.model.parameters()).device
    latents = path(ends, args.interval, args.interp_mode, args.show_mode)
    noises = [noise_path(noise, args.interval, args.show_mode).to(device)
              for noise in noises]
    options = dict(input_is_latent=True) if args.space == 'w' else {}
    frames = collect(sampler.render(
        latents.to(device), seed=args.seed, batch_size=args.batch_size,
        sample_model=args.sample_model, noises=noises, **options,
        **args.sample_cfg), len(latents))
    file = write_frames(args.samples_path, 'interpolation', frames,
                        args.interval, args.export_video)
    print(f'The frames are in {file}.')


if __name__ == '__main__':
    with one_sentence():
        main()
