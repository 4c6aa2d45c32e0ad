#!/usr/bin/env python
"""Translate an image with a trained model."""
import argparse

from mmgen.utils.command_line import add_model_arguments, one_sentence


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    parser.add_argument('image_path', help='file of the image')
    parser.add_argument(
        '--target-domain',
        help="into which domain; by default the model's default")
    parser.add_argument(
        '--save-path', default='work_dirs/demos/translation_sample.png',
        help='file to write (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    """Translate and write."""
    args = parse_args()
    from mmgen.apis import load, sample_img2img_model, set_random_seed
    from mmgen.apis.pictures import write_picture
    from mmgen.utils.progress import progress
    model = load(args.config, args.checkpoint, args.device, args.cfg_options,
                 args.trust_checkpoint).model
    set_random_seed(args.seed)  # Pix2Pix drops features at random
    with progress('Translating', 1) as done:
        images = sample_img2img_model(
            model, args.image_path, args.target_domain)
        done(1)
    pixels = model.data_preprocessor.to_uint8_rgb(images)
    write_picture(
        args.save_path, pixels.permute(0, 2, 3, 1).cpu().numpy(), 1)
    print(f'The picture is {args.save_path}.')


if __name__ == '__main__':
    with one_sentence():
        main()
