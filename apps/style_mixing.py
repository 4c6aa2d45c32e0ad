#!/usr/bin/env python
"""Give images of a StyleGAN, in rows, the fine styles of others, in columns."""
import argparse

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments,
                                      one_sentence)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_sampling_arguments(parser, 'work_dirs/demos/style_mixing.png', 4)
    parser.add_argument(
        '--num-columns', type=int, default=5,
        help='images that give fine styles (default: %(default)s)')
    parser.add_argument(
        '--inject-index', type=int,
        help='the layer from which on styles are theirs; by default the '
        'middle one')
    parser.add_argument(
        '--label', type=int, nargs='+',
        help='class of all images, or one for each, of the rows and then of '
        'the columns; by default drawn')
    return parser.parse_args()


def main() -> None:
    """Mix, render and write."""
    args = parse_args()
    import numpy as np
    import torch

    from mmgen.apis import load
    from mmgen.apis.pictures import collect, write_picture
    from mmgen.models.layers.style_inputs import mix_styles
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    rows, columns = args.num_samples, args.num_columns
    noise = sampler.noise(rows + columns, args.seed)
    network = sampler.generator(args.sample_model)
    classes = sampler.labels(args.label, rows + columns, args.seed)
    styles = sampler.styles(noise, classes, args.sample_model)
    layers = network.num_latents
    index = layers // 2 if args.inject_index is None else args.inject_index
    coarse, fine = styles[:rows], styles[rows:]
    mixed = mix_styles([coarse.repeat_interleave(columns, 0),
                        torch.cat([fine] * rows)], layers, index)
    latents = torch.cat([mix_styles([styles], layers), mixed])
    pictures = collect(sampler.render(
        latents, seed=args.seed, batch_size=args.num_batches,
        sample_model=args.sample_model, input_is_latent=True,
        **args.sample_cfg), len(latents))
    own, mixed = np.split(pictures, [rows + columns])
    table = [np.zeros_like(pictures[0]), *own[rows:]]
    for row in range(rows):
        table += [own[row], *mixed[row * columns:(row + 1) * columns]]
    write_picture(args.save_path, table, columns + 1)
    print(f'The picture is {args.save_path}.')


if __name__ == '__main__':
    with one_sentence():
        main()
