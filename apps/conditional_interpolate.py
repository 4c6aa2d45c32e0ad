#!/usr/bin/env python
"""Go from class to class, and from noise to noise, with a trained model."""
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
        '--label', type=int, nargs='+',
        help='the class of each endpoint, or one; by default they are drawn')
    parser.add_argument(
        '--embedding-name', default='shared_embedding',
        help="the generator's embedding of classes, for space z "
        '(default: %(default)s)')
    parser.add_argument(
        '--fix-z', action='store_true', help='the same noise at all endpoints')
    parser.add_argument(
        '--fix-y', action='store_true', help='the same class at all endpoints')
    return parser.parse_args()


def main() -> None:
    """Interpolate, render and write."""
    args = parse_args()
    from mmgen.apis import load
    from mmgen.apis.interpolation import path, write_frames
    from mmgen.apis.pictures import collect
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    if not getattr(sampler.model, 'num_classes', 0):
        sys.exit('This model has no classes: use interpolate_sample.py.')
    noise = sampler.noise(args.endpoint, args.seed)
    if args.fix_z:
        noise = noise[:1].expand_as(noise)
    labels = sampler.labels(args.label, args.endpoint, args.seed)
    if args.fix_y:
        labels = labels[:1].expand_as(labels)

    def way(ends):
        return path(ends, args.interval, args.interp_mode, args.show_mode)

    if args.space == 'w':
        latents = way(sampler.styles(noise, labels, args.sample_model))
        conditions, options = None, dict(input_is_latent=True)
    else:
        latents = way(noise)
        conditions, options = on_the_way(args, sampler, labels, way)
    frames = collect(sampler.render(
        latents, conditions, args.seed, batch_size=args.batch_size,
        sample_model=args.sample_model, **options, **args.sample_cfg),
        len(latents))
    file = write_frames(args.samples_path, 'conditional_interpolation',
                        frames, args.interval, args.export_video)
    print(f'The frames are in {file}.')


def on_the_way(args: argparse.Namespace, sampler, labels, way):
    """What stands for the class in each frame, and how to say so."""
    import torch
    if len(labels.unique()) == 1:
        return labels[:1].expand(len(way(torch.zeros(args.endpoint, 1)))), {}
    network = sampler.generator(args.sample_model)
    embedding = getattr(network, args.embedding_name, None)
    if not hasattr(embedding, 'embedding_dim'):
        sys.exit(
            f'{type(network).__name__} has no {args.embedding_name}, in which '
            'a class could become another. Use --fix-y, or --space w with a '
            'StyleGAN.')
    with torch.no_grad():
        return way(embedding(labels)), dict(use_outside_embedding=True)


if __name__ == '__main__':
    with one_sentence():
        main()
