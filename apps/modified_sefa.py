#!/usr/bin/env python
"""Move styles along the directions in which images change most (SeFa)."""
import argparse

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments,
                                      one_sentence)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_sampling_arguments(parser, 'work_dirs/demos/sefa.png', 4)
    parser.add_argument(
        '-i', '--index', type=int, nargs='+', default=[0],
        help='directions, the strongest is 0; each has a row for each image '
        '(default: 0)')
    parser.add_argument(
        '-d', '--degree', type=float, nargs='+',
        default=[-6.0, -3.0, 0.0, 3.0, 6.0],
        help='how far to go, a column each (default: -6 -3 0 3 6)')
    parser.add_argument(
        '-l', '--layer-no', type=int, nargs='+',
        help='layers whose style is moved, from 0; by default all')
    parser.add_argument(
        '--eigen-vector', metavar='FILE',
        help='directions to take instead of those of the generator: a dict '
        'with eigvec, a direction in each column')
    parser.add_argument(
        '--label', type=int, nargs='+',
        help='class of all images, or one for each; by default drawn')
    return parser.parse_args()


def main() -> None:
    """Move, render and write."""
    args = parse_args()
    from mmgen.apis import load
    from mmgen.apis.directions import (move_styles, read_directions,
                                       style_directions, style_size)
    from mmgen.apis.pictures import collect, write_picture
    from mmgen.models.layers.style_inputs import mix_styles
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    network = sampler.generator(args.sample_model)
    directions = style_directions(network) if args.eigen_vector is None \
        else read_directions(args.eigen_vector, style_size(network))
    ws = mix_styles([sampler.styles(
        sampler.noise(args.num_samples, args.seed),
        sampler.labels(args.label, args.num_samples, args.seed),
        args.sample_model)], network.num_latents)
    latents = move_styles(ws, directions.to(ws), args.index, args.degree,
                          args.layer_no)
    pictures = collect(sampler.render(
        latents, seed=args.seed, batch_size=args.num_batches,
        sample_model=args.sample_model, input_is_latent=True,
        **args.sample_cfg), len(latents))
    write_picture(args.save_path, pictures, len(args.degree))
    print(f'The picture is {args.save_path}.')


if __name__ == '__main__':
    with one_sentence():
        main()
