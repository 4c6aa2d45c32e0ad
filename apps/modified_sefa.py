#!/usr/bin/env python
"""Move styles along the directions in which images change most (SeFa)."""
import argparse

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments)


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
    return parser.parse_args()


def main() -> None:
    """Move, render and write."""
    args = parse_args()
    import torch

    from mmgen.apis import load
    from mmgen.apis.directions import style_directions
    from mmgen.apis.pictures import collect, write_picture
    from mmgen.models.layers.style_inputs import mix_styles
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    network = sampler.generator(args.sample_model)
    directions = style_directions(network)[args.index]
    classes = None
    if network.num_classes:  # all of the first class
        classes = sampler.model.label_fn(0, args.num_samples)
    ws = mix_styles([sampler.styles(
        sampler.noise(args.num_samples, args.seed), classes,
        args.sample_model)], network.num_latents)
    moved = torch.zeros(network.num_latents, 1, device=ws.device)
    moved[slice(None) if args.layer_no is None else args.layer_no] = 1
    latents = torch.stack([w + degree * moved * direction for w in ws
                           for direction in directions
                           for degree in args.degree])
    pictures = collect(sampler.render(
        latents, seed=args.seed, batch_size=args.num_batches,
        sample_model=args.sample_model, input_is_latent=True,
        **args.sample_cfg), len(latents))
    write_picture(args.save_path, pictures, len(args.degree))
    print(f'The picture is {args.save_path}.')


if __name__ == '__main__':
    main()
