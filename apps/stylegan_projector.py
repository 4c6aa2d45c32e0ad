#!/usr/bin/env python
"""Find latents of a StyleGAN that make given images."""
import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmgen.utils.command_line import add_model_arguments, one_sentence

FRAMES = 100  # of a film, about


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    parser.add_argument(
        'files', nargs='+', help='pictures; their middle square is taken')
    parser.add_argument(
        '--results-path', type=Path, default=Path('work_dirs/projector'),
        help='folder to write to (default: %(default)s)')
    parser.add_argument(
        '--random-seed', type=int, dest='seed', help='the same as --seed')
    parser.add_argument(
        '--use-cpu', action='store_const', const='cpu', dest='device',
        help='the same as --device cpu')
    parser.add_argument(
        '--sample-model', choices=['ema', 'orig'],
        help='the averaged or the trained generator; by default the averaged '
        'one if there is one')
    parser.add_argument(
        '--label', type=int,
        help="class to begin with; by default all classes' mean")
    parser.add_argument(
        '--batch-size', type=int, default=4,
        help='pictures at a time (default: %(default)s)')
    parser.add_argument(
        '--export-video', nargs='?', choices=['gif', 'mp4'], const='gif',
        help='write a film of the projection too (gif unless mp4 is said)')
    parser.add_argument(
        '--distance', default='LPIPSStyleGAN',
        help='what is made small: LPIPSStyleGAN, LPIPS, another registered '
        'feature network such as EfficientNetLite0, or pixels (default: '
        '%(default)s)')
    parser.add_argument(
        '--distance-cfg', nargs='+', action=DictAction, default={},
        help='its arguments, as key=value, such as path=vgg16.pt')
    add_settings(parser)
    args = parser.parse_args()
    if Path(args.config).is_dir() and args.checkpoint is not None \
            and not args.checkpoint.endswith('.pth'):
        # A run brings its checkpoint: that was the first picture.
        args.files.insert(0, args.checkpoint)
        args.checkpoint = None
    return args


def add_settings(parser: argparse.ArgumentParser) -> None:
    """How long and how, see `ProjectionSettings`."""
    settings = parser.add_argument_group('optimisation')
    for names, value, what in (
            (['--total-iters'], 1000, 'steps'),
            (['--lr'], 0.1, 'highest rate of learning'),
            (['--lr-rampup'], 0.05,
             'share of the steps over which the rate grows'),
            (['--lr-rampdown'], 0.25,
             'share of the steps over which it falls at the end'),
            (['--mean-latent', '--n-mean-latent'], 10000,
             'styles that the mean one is of'),
            (['--noise'], 0.05, 'share of noise in the style at first'),
            (['--noise-ramp'], 0.75,
             'share of the steps over which it vanishes'),
            (['--noise-regularize'], 1e5,
             'weight of what keeps noise maps noise'),
            (['--mse'], 0.0,
             'weight of the distance of pixels beside --distance')):
        settings.add_argument(*names, type=type(value), default=value,
                              help=f'{what} (default: %(default)s)')
    settings.add_argument(
        '--w-plus', action='store_true',
        help='a style for each layer, not one for all')


def main() -> None:
    """Project in batches, and write latents and pictures."""
    args = parse_args()
    import numpy as np
    import torch

    from mmgen.apis import load
    from mmgen.apis.pictures import (read_picture, side_by_side,
                                     write_animation, write_picture)
    from mmgen.apis.projection import (ProjectionSettings, build_distance,
                                       join, output_side, pixels, project,
                                       write_projection)
    from mmgen.utils.progress import progress
    settings = ProjectionSettings(**{
        name: getattr(args, name)
        for name in ProjectionSettings.__dataclass_fields__})
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    network = sampler.generator(args.sample_model)
    device = next(network.parameters()).device
    side = output_side(network)
    pictures = np.stack([read_picture(file, side) for file in args.files])
    targets = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    distance = build_distance(args.distance, device, args.distance_cfg)

    found, films = [], []
    every = max(settings.total_iters // FRAMES, 1)
    with progress('Projecting', len(targets) * settings.total_iters,
                  'steps') as done:
        for part in targets.split(args.batch_size):
            steps: list[np.ndarray] = []

            def watch(step: int, images: torch.Tensor,
                      steps: list = steps) -> None:
                done(len(images))
                if args.export_video and step % every == 0:
                    steps.append(pixels(images))

            found.append(project(
                network, part.to(device), sampler.model.data_preprocessor
                .to_float_rgb, distance, settings, args.label, args.seed,
                watch))
            films.append(steps)
    projection = join(found)
    write_projection(args.results_path / 'projected.npz', projection,
                     args.files)
    beside = np.stack([pictures, pixels(projection.images)], 1)
    write_picture(args.results_path / 'projected.png',
                  beside.reshape(-1, side, side, 3), 2)
    if args.export_video:
        frames = [side_by_side(
            np.stack([pictures, np.concatenate(step)], 1)
            .reshape(-1, side, side, 3), 2) for step in zip(*films)]
        write_animation(
            args.results_path / f'projection.{args.export_video}', frames)
    for file, value in zip(args.files, projection.distances.tolist()):
        print(f'{file}: distance {value:.4g}')
    print(f'Targets, and beside them what their latents make, are in '
          f'{args.results_path}/projected.png, the latents in projected.npz.')


if __name__ == '__main__':
    with one_sentence():
        main()
