#!/usr/bin/env python
"""Write random images of a trained SinGAN, in any size."""
import argparse
import sys
from pathlib import Path

from mmgen.utils.command_line import (add_config_arguments,
                                      add_trust_argument)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='file of the checkpoint')
    parser.add_argument(
        '--pkl-data',
        help='the .pkl file that belongs to a checkpoint of 1.x; those of '
        'mmgen need none')
    parser.add_argument(
        '--samples-path',
        type=Path,
        default=Path('work_dirs/singan_samples'),
        help='folder to write to (default: %(default)s)')
    parser.add_argument(
        '--num-samples', type=int, default=10,
        help='how many (default: %(default)s)')
    parser.add_argument(
        '--seed', type=int, default=2022, help='seed (default: %(default)s)')
    parser.add_argument(
        '--curr-scale', type=int,
        help='the scale to stop at; by default the last one trained')
    parser.add_argument(
        '--size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
        help="another size or shape of the images; by default the scale's")
    parser.add_argument(
        '--recon', action='store_true',
        help='write the reconstruction of the training image instead')
    parser.add_argument(
        '--save-prev-res', action='store_true',
        help='write the images of all scales before, too')
    parser.add_argument('--device', default='cpu')
    add_trust_argument(parser)
    return parser.parse_args()


def main() -> None:
    """Sample and write, image by image."""
    args = parse_args()
    if args.num_samples < 1:
        sys.exit(f'--num-samples {args.num_samples}, expected at least 1.')
    from mmgen.utils.randomness import seed_everything
    model = load_model(args)
    seed_everything(args.seed)
    args.samples_path.mkdir(parents=True, exist_ok=True)
    inputs = dict(num_batches=1, sample_kwargs=sample_kwargs(args))
    for index in range(1 if args.recon else args.num_samples):
        sample, = model.test_step(dict(inputs=inputs))
        name = 'recon' if args.recon else f'sample_{index:03d}'
        pictures = {name: sample.fake_img.data}
        for scale, image in enumerate(sample.get('prev_res_list', [])):
            pictures[f'{name}_scale{scale}'] = image
        for name, image in pictures.items():
            write(model, image, args.samples_path / f'{name}.png')
    print(f'The images are in {args.samples_path}.')


def load_model(args: argparse.Namespace):
    """The model with the weights of the checkpoint."""
    from mmgen.apis import init_model
    options = dict(args.cfg_options or {})
    if args.pkl_data is not None:
        options['model.test_pkl_data'] = args.pkl_data
    return init_model(args.config, args.checkpoint, args.device, options,
                      args.trust_checkpoint)


def sample_kwargs(args: argparse.Namespace) -> dict:
    """What the model is told about the images."""
    wanted = dict(
        curr_scale=args.curr_scale,
        size=args.size and tuple(args.size),
        get_prev_res=args.save_prev_res,
        rand_mode='recon' if args.recon else 'rand')
    return {key: value for key, value in wanted.items() if value is not None}


def write(model, image, path: Path) -> None:
    """Write ``[C, H, W]`` in the model's range."""
    from PIL import Image
    pixels = model.data_preprocessor.to_uint8_rgb(image[None])[0]
    Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy()).save(path)


if __name__ == '__main__':
    main()
