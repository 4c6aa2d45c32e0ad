#!/usr/bin/env python
"""Make a picture, or a film, of images of a trained diffusion model."""
import argparse

from mmgen.utils.command_line import (add_model_arguments,
                                      add_sampling_arguments,
                                      one_sentence)

FRAMES = 40  # of a film, about
FPS = 10


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    add_sampling_arguments(parser, 'work_dirs/demos/ddpm_samples.png')
    parser.add_argument(
        '--same-noise', action='store_true',
        help='the same noise for all pictures')
    parser.add_argument(
        '--n-skip', type=int,
        help='steps from one frame of the film to the next, where '
        '--save-path ends with .gif or .mp4; by default so many that there '
        f'are about {FRAMES} frames')
    parser.add_argument(
        '--nrow', type=int, default=6,
        help='pictures in a row (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    """Sample batch by batch and write."""
    args = parse_args()
    import torch

    from mmgen.apis import load, sample_ddpm_model, set_random_seed
    from mmgen.apis.pictures import (side_by_side, write_animation,
                                     write_picture)
    from mmgen.utils.progress import progress
    sampler = load(args.config, args.checkpoint, args.device,
                   args.cfg_options, args.trust_checkpoint)
    model = sampler.model
    which = args.sample_model or ('ema' if model.with_ema_gen else 'orig')
    parts = []
    with progress('Denoising', args.num_samples) as done:
        for start in range(0, args.num_samples, args.num_batches):
            count = min(args.num_batches, args.num_samples - start)
            # With the same noise for all, each batch begins alike.
            set_random_seed(args.seed + (0 if args.same_noise else start))
            parts.append(sample_ddpm_model(
                model, count, count, which, same_noise=args.same_noise,
                save_intermedia=True, **args.sample_cfg))
            done(count)
    left = list(parts[0])  # steps still to come, from all of them to 0
    film = args.save_path.endswith(('.gif', '.mp4'))
    skip = args.n_skip or max(len(left) // FRAMES, 1)
    # The last frame stays for a second.
    shown = [*left[:-1:skip], *[0] * FPS] if film else [0]
    frames = [pixels(model, torch.cat([part[step] for part in parts]))
              for step in shown]
    if film:
        write_animation(
            args.save_path,
            [side_by_side(frame, args.nrow) for frame in frames], FPS)
    else:
        write_picture(args.save_path, frames[0], args.nrow)
    print(f'The picture is {args.save_path}.')


def pixels(model, images):
    """``[N, C, H, W]`` of the model as uint8 RGB ``[N, H, W, 3]``."""
    found = model.data_preprocessor.to_uint8_rgb(images)
    return found.permute(0, 2, 3, 1).cpu().numpy()


if __name__ == '__main__':
    with one_sentence():
        main()
